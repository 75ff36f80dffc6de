"""A progress bar for the long parts, quiet where nobody looks."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from click._termui_impl import ProgressBar

Progress = Callable[[str, int, int], None]


@contextmanager
def bar() -> Iterator[Progress]:
    """Gives a function (what, done, of) that draws one bar after another on standard error, one for each `what`."""
    bars = _Bars()
    try:
        yield bars.tell
    finally:
        bars.finish()


class _Bars:
    def __init__(self) -> None:
        self._what: str | None = None
        self._bar: ProgressBar[int] | None = None

    def tell(self, what: str, done: int, of: int) -> None:
        if self._bar is None or what != self._what:
            self.finish()
            self._what = what
            self._bar = click.progressbar(length=max(of, 1), label=f"{what:<24}", file=sys.stderr)
            self._bar.__enter__()
        self._bar.length = max(of, 1)
        self._bar.update(max(0, done - self._bar.pos))

    def finish(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
