"""Who proves what: the clauses of the protocol and the invariants that the tests' docstrings cite.

`python -m tests.house.citations` prints each clause and invariant with the tests that hold it.
"""

import ast
import re
import sys
from collections import defaultdict
from functools import cache

from tests.house import source

PROTOCOL = source.ROOT / "docs" / "sync-protocol.md"
PROOF = source.ROOT / "docs" / "sync-proof.md"
INVARIANTS = tuple(f"I{number}" for number in range(1, 26))
_CLAUSE = re.compile(r"^(\d+\.\d+) ", re.MULTILINE)
_CITED = re.compile(r"\bclauses?((?:[\s,]|and|to|\d+\.\d+)+)", re.IGNORECASE)
_INVARIANT = re.compile(r"\bI(\d{1,2})\b(?: to I(\d{1,2})\b)?")


def clauses() -> list[str]:
    """The numbers of the protocol's clauses, in its order."""
    return _CLAUSE.findall(PROTOCOL.read_text(encoding="utf-8"))


@cache
def cited() -> dict[str, list[str]]:
    """`path::test` by the clause ("4.2") or invariant ("I7") that its docstring, or its module's, cites."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in source.python_files("tests"):
        tree = source.tree(path)
        # A module's head speaks for all its tests, so it may cite as well.
        nodes: list[ast.Module | ast.FunctionDef] = [tree]
        nodes += [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        for node in nodes:
            is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            is_head = isinstance(node, ast.Module) and path.name.startswith("test_")
            if not (is_test or is_head):
                continue
            name = f"::{node.name}" if isinstance(node, ast.FunctionDef) else ""
            for what in _citations(ast.get_docstring(node) or ""):
                found[what].append(f"{source.name(path)}{name}")
    return dict(found)


def _citations(text: str) -> set[str]:
    numbers = {number for group in _CITED.findall(text) for number in re.findall(r"\d+\.\d+", group)}
    for first, last in _INVARIANT.findall(text):
        numbers |= {f"I{number}" for number in range(int(first), int(last or first) + 1)}
    return numbers


def main() -> int:
    for what in [*clauses(), *INVARIANTS]:
        print(what, *(cited().get(what) or ["nobody"]), sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
