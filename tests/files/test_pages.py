"""The pages of the layouts agree with the layouts."""

from pathlib import Path

from curbstop.files.pages import PAGE, RECORDS, import_layouts, record_layouts, write

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_pages_of_the_layouts_are_up_to_date() -> None:
    assert (DOCS / PAGE).read_text(encoding="utf-8") == import_layouts(), "run `python -m curbstop.files.pages`"
    assert (DOCS / RECORDS).read_text(encoding="utf-8") == record_layouts(), "run `python -m curbstop.files.pages`"


def test_writing_the_pages_gives_the_same_files(tmp_path: Path) -> None:
    write(tmp_path)
    assert (tmp_path / PAGE).read_text(encoding="utf-8") == import_layouts()
    assert (tmp_path / RECORDS).read_text(encoding="utf-8") == record_layouts()
