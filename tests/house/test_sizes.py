"""Holds files and functions to the sizes that a reader can take in."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.house import source

LONGEST_FILE = 500
UNEXPLAINED_FILE = 300
MEDIAN_FILE = 100
P95_FUNCTION = 40


def test_no_file_is_longer_than_500_lines() -> None:
    too_long = {source.name(path): _lines(path) for path in source.python_files() if _lines(path) >= LONGEST_FILE}
    assert not too_long


def test_a_file_above_300_lines_says_why_in_its_head() -> None:
    unexplained = [
        source.name(path)
        for path in source.python_files(*source.ROOMS, "tests", "bench")  # a migration is as long as its tables
        if _lines(path) > UNEXPLAINED_FILE and "long because" not in _head(path).lower()
    ]
    assert not unexplained, "say `Long because ...` in the head docstring, or divide the file"


def test_the_median_file_is_below_100_lines() -> None:
    assert statistics.median(_lines(path) for path in source.python_files(*source.ROOMS)) < MEDIAN_FILE


def test_functions_are_short() -> None:
    lengths = sorted(
        (_body_lines(function), f"{source.name(path)}:{function.lineno} {function.name}")
        for path in source.python_files(*source.ROOMS)
        for function in _functions(path)
    )
    p95 = lengths[int(len(lengths) * 0.95)][0]
    assert p95 < P95_FUNCTION, f"the longest: {lengths[-10:]}"


def test_every_module_says_what_it_owns() -> None:
    silent = [
        source.name(path)
        for path in source.python_files(*source.ROOMS, "tests", "bench")
        if path.stat().st_size and not _head(path)
    ]
    assert not silent


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _head(path: Path) -> str:
    return ast.get_docstring(source.tree(path)) or ""


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(source.tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1
