"""Programs started from a process that has loaded them already: a real process each, there in a tenth of the time.

`python -m api` spends five seconds on loading the same modules, and the suite starts it two hundred times.
tests/api/test_main.py, the workers' and the commands' tests start the real line.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What the programs load when they start; they run nothing by being loaded.
LOADED = ["api.server", "workers.worker", "workers.clock", "workers.relay", "workers.jobs"]


class Forked:
    """A process that runs `python -m NAME`, as subprocess.Popen shows one."""

    def __init__(self, name: str, environ: Mapping[str, str], out: Path, *, session: bool = False) -> None:
        self._process = _context().Process(target=_run, args=(name, dict(environ), str(out), session))
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid
        self.args = f"python -m {name}"

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    return context


def _run(name: str, environ: Mapping[str, str], out: str, session: bool) -> None:
    if session:
        os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environ)
    with Path(out).open("ab", buffering=0) as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    sys.argv = [name]
    # As the interpreter does it; ends by SystemExit with the program's code.
    runpy.run_module(name, run_name="__main__", alter_sys=True)
