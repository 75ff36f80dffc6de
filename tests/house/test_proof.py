"""Holds docs/sync-proof.md: no clause or invariant without a test, no citation of what is not there."""

import re

from tests.house import source
from tests.house.citations import INVARIANTS, PROOF, cited, clauses

_ROW = re.compile(r"^\| (I\d+) \| .*? \| ([\d. ]+) \| (.*?) \|$", re.MULTILINE)
_EXCEPTION = re.compile(r"^- (\d+\.\d+): \S.{10,}$", re.MULTILINE)


def _rows() -> dict[str, tuple[list[str], list[str]]]:
    """Clauses and files by invariant, from the page's table."""
    text = PROOF.read_text(encoding="utf-8")
    return {name: (numbers.split(), re.findall(r"`([^`]+)`", files)) for name, numbers, files in _ROW.findall(text)}


def _exceptions() -> set[str]:
    return set(_EXCEPTION.findall(PROOF.read_text(encoding="utf-8")))


def test_every_invariant_is_in_the_table_once() -> None:
    assert tuple(_rows()) == INVARIANTS


def test_every_invariant_is_cited_by_a_test_of_each_file_beside_it() -> None:
    missing = [
        f"{invariant}: {file}"
        for invariant, (_, files) in _rows().items()
        for file in files or ["no file at all"]
        if not any(test.startswith(f"{file}::") for test in cited().get(invariant, []))
    ]
    assert not missing


def test_every_clause_that_a_test_or_the_table_cites_exists() -> None:
    known = set(clauses())
    wrong = [f"{test}: {what}" for what, tests in cited().items() if "." in what for test in tests if what not in known]
    wrong += [
        f"{name}: {number}" for name, (numbers, _) in _rows().items() for number in numbers if number not in known
    ]
    assert not wrong


def test_every_clause_is_cited_by_a_test_or_is_an_exception_with_its_reason() -> None:
    missing = [number for number in clauses() if not cited().get(number) and number not in _exceptions()]
    assert not missing, "cite them in a test's docstring ('Clause 4.2.'), or give the reason in docs/sync-proof.md"


def test_clauses_have_one_number_each() -> None:
    assert len(clauses()) == len(set(clauses()))


def test_the_citations_are_found_where_they_are_known_to_be() -> None:
    """Guards the rules above: were docstrings read wrongly, they would hold for nothing."""
    here = "tests/sync/test_invariants.py::test_what_is_acknowledged_is_in_the_same_checkpoint"
    assert here in cited()["4.6"]
    assert here in cited()["I6"]
    assert source.name(PROOF) == "docs/sync-proof.md"
