"""The process that sets letters, seen from ours: what it is asked, what it answers, and that it may end at any time.

Starting one costs a tenth of a second and its first letter more, so one is kept for whoever comes next.
"""

import atexit
import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from tempfile import mkdtemp
from typing import Any

_lock = threading.Lock()
_idle: list["Press"] = []


class Press:
    """One process of `curbstop.typesetting.child`. Ask once, then take the answer."""

    def __init__(self, letterhead: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "curbstop.typesetting.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._asked = self._dead = False
        # Removed by whichever of the two is there at the end.
        self._folder = mkdtemp(prefix="curbstop-letters-")
        self._send({"folder": self._folder, "letterhead": letterhead})

    def ask(self, wanted: Mapping[str, Any], photos: Mapping[str, bytes]) -> None:
        """Hands over a letter; the press sets it while we do something else."""
        self._asked = True
        self._send({**wanted, "photos": {name: len(photo) for name, photo in photos.items()}}, *photos.values())

    def answer(self) -> bytes | tuple[str, str] | None:
        """The PDF; Typst's message and diagnostic; None when the process ended over the letter, by its limit."""
        assert self._process.stdout is not None
        head = self._process.stdout.readline()
        if not head:
            self._dead = True
            return None
        answer, self._asked = json.loads(head), False
        if "pdf" in answer:
            return self._process.stdout.read(int(answer["pdf"]))
        return answer["message"], answer["diagnostic"]

    def give_back(self) -> None:
        """Keeps it for the next one; unless it has died, has something unsaid, or another is kept already."""
        with _lock:
            keep = not (self._asked or self._dead or _idle)
            if keep:
                _idle.append(self)
        if not keep:
            self.end()

    def end(self) -> None:
        """Ends the process, whatever it is at."""
        self._process.kill()
        self.close()
        self.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Lets go of the process's ends."""
        for end in (self._process.stdin, self._process.stdout):
            assert end is not None
            # What was not written to a process that has ended.
            with contextlib.suppress(BrokenPipeError):
                end.close()

    def wait(self) -> None:
        """Until the process has ended, as it does when nobody can ask it any more."""
        self._process.wait()

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def _send(self, head: Mapping[str, Any], *rest: bytes) -> None:
        assert self._process.stdin is not None
        # A process that has ended says so by giving no answer.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(head).encode() + b"\n")
            for part in rest:
                self._process.stdin.write(part)
            self._process.stdin.flush()


def taken(letterhead: str) -> Press:
    """The one that is kept, or a new one."""
    with _lock:
        press = _idle.pop() if _idle else None
    if press is not None and not press.alive():
        press.end()
        press = None
    return press or Press(letterhead)


@atexit.register
def _end() -> None:
    with _lock:
        kept, _idle[:] = list(_idle), []
    for press in kept:
        press.end()


def _forget() -> None:
    # The press is the other process's: two would write into one pipe.
    global _lock  # noqa: PLW0603 - whoever held it is not in this process
    _lock = threading.Lock()
    for press in _idle:
        press.close()
    _idle.clear()


os.register_at_fork(after_in_child=_forget)
