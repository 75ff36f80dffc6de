"""The project's own files as the house tests read them: what git knows, or would."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("api", "sync", "geo", "workers", "curbstop")
NOT_OURS = {".git", ".venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "var"}


@cache
def committed_files() -> tuple[Path, ...]:
    """Every file that is in the repository or about to be; in an unpacked archive, every file."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        names = set(answer.stdout.split("\0")) - {""}
    except (OSError, subprocess.CalledProcessError):
        names = {name(path) for path in ROOT.rglob("*") if not NOT_OURS & set(path.relative_to(ROOT).parts)}
    return tuple(path for each in sorted(names) if (path := ROOT / each).is_file())


def python_files(*folders: str) -> Iterator[Path]:
    """The Python files below these top-level folders; all of them when none is named."""
    for path in committed_files():
        if path.suffix == ".py" and (not folders or path.relative_to(ROOT).parts[0] in folders):
            yield path


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))
