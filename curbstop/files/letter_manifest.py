"""A batch's manifest for the print vendor: where each letter begins in the PDF, and whom it goes to."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol

from curbstop.files.rejects import guard

COLUMNS: Final = (
    "place", "letter", "first_page", "pages", "kind", "language", "name", "address_1", "address_2", "zip",
)  # fmt: skip


class Placed(Protocol):
    """What the manifest asks of a letter."""

    number: Any
    kind: Any
    language: Any
    given: Any
    pages: Any
    postal_code: Any
    batch_place: Any


def rows(letters: Iterable[Placed]) -> Iterator[list[str]]:
    """A row for each letter in the order of their places; nothing in it runs as a formula."""
    page = 1
    for letter in letters:
        first, _, second = str(letter.given["address"]).partition("\n")
        cells = (
            letter.batch_place, letter.number, page, letter.pages or 0, letter.kind, letter.language,
            letter.given["name"], first, second, letter.postal_code or "",
        )  # fmt: skip
        yield [guard(str(cell)) for cell in cells]
        page += letter.pages or 0
