"""The documentation pages that are drawn from the program, and the glossary against the names in the code."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from curbstop.cli import pages
from curbstop.cli.data_model import AREAS
from curbstop.domain.permissions import ROLE_NAMES
from curbstop.domain.problems import PROBLEMS
from curbstop.models import Base
from curbstop.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", pages.PAGES)
def test_a_drawn_page_says_what_the_program_says(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == pages.PAGES[name](), "run `python -m curbstop.cli.pages`"


def test_every_table_stands_in_one_area_of_the_data_model() -> None:
    named = [name for _, names in AREAS.values() for name in names]
    assert sorted(named) == sorted(Base.metadata.tables)


def test_every_setting_is_explained() -> None:
    page = pages.settings()
    assert [one.metadata["env"] for one in fields(Settings) if f"| `{one.metadata['env']}` |" not in page] == []


def test_every_problem_is_explained_in_a_section() -> None:
    page = pages.problems()
    assert [code for code in PROBLEMS if f"| `{code}` |" not in page] == []
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert len(headings) == len(set(headings)) > 4


def test_writing_the_pages_gives_the_same_files(tmp_path: Path) -> None:
    pages.write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(pages.PAGES)


def test_the_glossary_explains_every_role_in_alphabetical_order() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^\*\*(.+?)\*\*", text, re.MULTILINE)
    assert terms == sorted(terms, key=str.lower)
    assert [name for name in ROLE_NAMES.values() if name.split(" (")[0] not in text] == []
