"""`python -m bench [--only PATTERN] [--quick] [--table]`: one line of JSON for each figure, on both backends."""

import argparse
import fnmatch
import os
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    attachments,
    board,
    crew_days,
    cutoffs,
    features,
    imports,
    integrity,
    letters,
    live,
    lost_ops,
    map_packs,
    pull,
    push,
    reassign,
    search,
    skipped,
    tiles,
    walks,
)  # fmt: skip
from bench.figures import Figure, Group, chosen
from bench.place import Place
from tests.services import programs, servers

GROUPS: list[Group] = [
    (attachments.NAMES, attachments.measure),
    (board.NAMES, board.measure),
    (cutoffs.NAMES, cutoffs.measure),
    (imports.NAMES, imports.measure),
    (integrity.NAMES, integrity.measure),
    (letters.NAMES, letters.measure),
    (live.POKES, live.measure_pokes),
    (live.LISTENING, live.measure_listeners),
    (live.STORM, live.measure_storm),
    (pull.NAMES, pull.measure),
    (pull.ROWS, pull.measure_rows),
    (pull.NO_CHANGE, pull.measure_no_change),
    (push.NAMES, push.measure),
    (search.NAMES, search.measure),
    (reassign.NAMES, reassign.measure),
    (lost_ops.NAMES, lost_ops.measure),
    (skipped.NAMES, skipped.measure),
    (tiles.NAMES, tiles.measure),
    (features.NAMES, features.measure),
    (map_packs.NAMES, map_packs.measure),
    (walks.NAMES, walks.measure),
    (crew_days.NAMES, crew_days.measure),
]
COLUMNS = 10
# What people wrote below the table stays.
NOTES = "## Notes"
TABLE = Path(__file__).parents[1] / "docs" / "performance.md"


def main(arguments: list[str]) -> int:
    """0 when every figure passes its bar."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", default="*", help="names that fit, for example 'main.search*'")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--table", action="store_true", help="also write docs/performance.md")
    parser.add_argument("--backend", choices=("embedded", "services"), help="one of the two only")
    options = parser.parse_args(arguments)
    figures = []
    folder = servers.new_folder()
    keeper = servers.start_keeper(folder)
    try:
        for figure in _measure(folder, options):
            figures.append(figure)
            print(figure.line(), flush=True)
    finally:
        keeper.communicate()
    if options.table:
        before = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
        TABLE.write_text(_page(figures, before, quick=options.quick), encoding="utf-8")
    return 0 if all(figure.ok for figure in figures) else 1


def _measure(folder: Path, options: argparse.Namespace) -> Iterator[Figure]:
    for backend in ("embedded", "services"):
        if options.backend not in (None, backend):
            continue
        if backend == "services" and programs.missing():
            print(f"curbstop: nothing measured on services: {'; '.join(programs.missing())}", file=sys.stderr)
            continue
        place = Place(backend, folder, options.quick)
        for _, measure in chosen(GROUPS, options.only):
            yield from (figure for figure in measure(place) if fnmatch.fnmatch(figure.name, options.only))


def _page(figures: list[Figure], before: str, *, quick: bool) -> str:
    """The page with these figures; the lines of others stay as they were."""
    there = (line for line in before.splitlines() if line.startswith("| ") and line.count("|") == COLUMNS + 1)
    rows = {_key(line): line for line in there}
    when = f"{datetime.now(UTC):%Y-%m-%d}{' QUICK' if quick else ''}"
    for one in figures:
        line = (
            f"| {one.name} | {one.backend} | {one.value:.4g} | {one.unit} | {one.better} | {_number(one.baseline)} "
            f"| {_number(one.ratio)} | {_number(one.bar)} | {'yes' if one.ok else 'NO'} | {when} |"
        )
        rows[_key(line)] = line
    known = [f"| {name} | {backend}" for backend in ("embedded", "services") for names, _ in GROUPS for name in names]
    lines = [
        "# Performance",
        "",
        "Written by `python -m bench --table`; every baseline was measured in the same run, on the same machine as its",
        f"figure. {_machine()}.",
        "",
        "| figure | backend | value | unit | better | baseline | ratio | bar | ok | measured |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(rows[key] for key in known if key in rows),
    ]
    _, _, notes = before.partition(NOTES)
    return "\n".join(lines) + "\n" + (f"\n{NOTES}{notes}" if notes else "")


def _key(line: str) -> str:
    """A line's figure and backend."""
    return " |".join(line.split(" |")[:2])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
