"""What a figure is, and the register of those that are measured."""

import fnmatch
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from bench.place import Place


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the answer. `baseline` is of the same run; `bar` bounds the ratio or the value."""

    name: str
    backend: str
    value: float
    unit: str
    better: str
    bar: float | None = None
    baseline: float | None = None
    ratio: float | None = None
    ok: bool = True

    def line(self) -> str:
        return json.dumps({key: round(v, 3) if isinstance(v, float) else v for key, v in asdict(self).items()})


def figure(
    name: str, place: Place, value: float, *, unit: str, better: str, bar: float | None = None,
    baseline: float | None = None, of_value: bool = False,
) -> Figure:  # fmt: skip
    """The figure with its ratio to the baseline, and whether it passes the bar.

    The bar bounds the ratio where there is a baseline, unless it is said to be `of_value`.
    """
    ratio = value / baseline if baseline else None
    held = value if of_value or ratio is None else ratio
    ok = bar is None or (held >= bar if better == "higher" else held <= bar)
    return Figure(name, place.backend, value, unit, better, bar, baseline, ratio, ok)


# A group measures together what shares its preparation: names of figures, and the function that yields them.
Group = tuple[tuple[str, ...], Callable[[Place], Iterator[Figure]]]


def chosen(groups: list[Group], pattern: str) -> list[Group]:
    """The groups that hold a figure whose name fits the pattern."""
    return [group for group in groups if any(fnmatch.fnmatch(name, pattern) for name in group[0])]
