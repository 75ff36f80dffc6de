"""The page of the layouts agrees with the layouts."""

from pathlib import Path

from curbstop.files.pages import PAGE, import_layouts, write

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_of_the_layouts_is_up_to_date() -> None:
    assert (DOCS / PAGE).read_text(encoding="utf-8") == import_layouts(), "run `python -m curbstop.files.pages`"


def test_writing_the_page_gives_the_same_file(tmp_path: Path) -> None:
    write(tmp_path)
    assert (tmp_path / PAGE).read_text(encoding="utf-8") == import_layouts()
