"""Repairs a CSV's first line and says so: names fused with the first row, too few names, blank or double names."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from curbstop.domain.problems import Problem


@dataclass(frozen=True, slots=True)
class Header:
    """The names of all columns; `first_row` holds the cells of a row that was fused with them."""

    columns: list[str]
    repairs: list[str]
    first_row: list[str] | None = None


def read_header(cells: Sequence[str], sample: Sequence[Sequence[str]]) -> Header:
    """The header out of the first line's cells, with the next rows as evidence. Problem file_columns."""
    names = [cell.strip() for cell in cells]
    if not any(names):
        raise Problem("file_columns", "The first line is empty; it has to name the columns.")
    widths = Counter(len(row) for row in sample)
    width = len(names) if not sample or len(names) in widths else widths.most_common(1)[0][0]
    repairs: list[str] = []
    first_row = None
    if len(names) > width > 1:
        names, first_row, note = _unfuse(names, sample, width)
        repairs.append(note)
    if len(names) < width:
        missing = [f"column_{place}" for place in range(len(names) + 1, width + 1)]
        repairs.append(
            f"The header names {len(names)} of {width} columns; the others are called {missing[0]} to {missing[-1]}."
        )
        names += missing
    return Header(_distinct(names, repairs), repairs, first_row)


def _unfuse(names: list[str], sample: Sequence[Sequence[str]], width: int) -> tuple[list[str], list[str], str]:
    """Takes `dir_suff14754,14,...` apart: the last name, and the first row's first value."""
    place = len(names) - width
    rows = [row for row in sample if len(row) == width]
    found = _split(names[place], [row[0] for row in rows])
    if place >= width or not found:
        raise Problem(
            "file_columns",
            f"The first line has {len(names)} cells and the rows have {width}; correct the first line.",
        )
    name, value = found
    first_row = [value, *names[place + 1 :]]
    note = (
        f"The header was fused with the first row: {names[place]!r} was taken for the name {name!r} and "
        f"the first row's value {value!r}."
    )
    return [*names[:place], name], first_row, note


def _split(cell: str, values: Sequence[str]) -> tuple[str, str] | None:
    """A name and a value that looks like `values`; None where that is not certain."""
    if all(value.isdigit() for value in values):
        found = re.fullmatch(r"(.*\D)(\d+)", cell)
        return (found.group(1), found.group(2)) if found else None
    shapes = {_shape(value) for value in values if value}
    ways = [(cell[:at], cell[at:]) for at in range(1, len(cell)) if _shape(cell[at:]) in shapes]
    return ways[0] if len(ways) == 1 else None


def _shape(value: str) -> str:
    return re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", re.sub(r"\d", "9", value)))


def _distinct(names: list[str], repairs: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    distinct = []
    for place, given in enumerate(names, start=1):
        name = given or f"column_{place}"
        if not given:
            repairs.append(f"Column {place} has no name; it is called {name}.")
        seen[name] += 1
        if seen[name] > 1:
            repairs.append(
                f"The column {name!r} is there more than once; number {place} is called {name}_{seen[name]}."
            )
            name = f"{name}_{seen[name]}"
        distinct.append(name)
    return distinct
