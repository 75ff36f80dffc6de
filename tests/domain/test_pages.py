"""The documentation pages that are drawn from the rules."""

from pathlib import Path

import pytest

from curbstop.domain import pages

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", pages.PAGES)
def test_a_drawn_page_says_what_the_rules_say(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == pages.PAGES[name](), "run `python -m curbstop.domain.pages`"


def test_writing_the_pages_gives_the_same_files(tmp_path: Path) -> None:
    pages.write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(pages.PAGES)
