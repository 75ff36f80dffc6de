"""The list of mutants is alive: every patch still applies, every named test exists, and none is missing."""

import ast
from pathlib import Path

import pytest

from tests.mutants.mechanisms import MUTANTS, ROOT, Mutant, Patch

# Those that must never be missing from the list.
ASKED_FOR = {
    "deferred stamp",
    "snapshot isolation of pulls",
    "ledger in the same transaction",
    "leave record",
    "lease grace",
    "digest update",
    "payload hash",
    "per-aggregate order",
    "seal check",
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.mechanism)
def test_every_patch_still_applies(mutant: Mutant, tmp_path: Path) -> None:
    for patch in mutant.patches:
        copy = tmp_path / patch.path
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / patch.path).read_bytes())
        before = copy.read_text()
        patch.apply(tmp_path)
        assert copy.read_text() != before
        if patch.path.endswith(".py"):
            ast.parse(copy.read_text())


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.mechanism)
def test_every_named_test_exists(mutant: Mutant) -> None:
    assert mutant.tests
    for test in mutant.tests:
        path, _, name = test.partition("::")
        functions = {
            node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef)
        }
        assert name.partition("[")[0] in functions


def test_the_mechanisms_that_were_asked_for_are_all_tried() -> None:
    assert {mutant.mechanism for mutant in MUTANTS} >= ASKED_FOR
    assert len({mutant.mechanism for mutant in MUTANTS}) == len(MUTANTS)


def test_a_patch_whose_code_has_moved_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("twice, twice")
    with pytest.raises(ValueError, match="0 times instead of once"):
        Patch("a.py", "never", "x").apply(tmp_path)
    with pytest.raises(ValueError, match="2 times instead of once"):
        Patch("a.py", "twice", "x").apply(tmp_path)
