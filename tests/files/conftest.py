"""Writing small files, and the real data where it is there."""

from collections.abc import Callable
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
Write = Callable[[str, str | bytes], Path]


def say_nothing(done: int, of: int) -> None:
    """No progress bar."""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file by its name and content into the test's folder."""

    def make(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


@pytest.fixture
def real() -> Callable[[str], Path]:
    """A real file by its path under shared/data; skips, saying so, where the data is absent."""

    def find(name: str) -> Path:
        path = DATA / name
        if not path.exists():
            pytest.skip(f"the real data is absent: {path}")
        return path

    return find
