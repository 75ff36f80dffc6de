"""Reads and joins PDFs, with PDFium."""

from collections.abc import Iterable
from io import BytesIO
from threading import Lock

import pypdfium2 as pdfium

# PDFium is not made for several threads at once, and the API has many.
_PDFIUM = Lock()


def words(pdf: bytes) -> tuple[int, str]:
    """How many pages, and the words on them."""
    with _PDFIUM:
        document = pdfium.PdfDocument(pdf)
        try:
            texts = [page.get_textpage().get_text_range() for page in document]
        finally:
            document.close()
    return len(texts), "\n".join(texts).replace("\r\n", "\n")


def joined(sheets: Iterable[bytes]) -> tuple[bytes, list[int]]:
    """Several PDFs as one, in their order, and how many pages each has."""
    with _PDFIUM:
        whole, pages = pdfium.PdfDocument.new(), []
        try:
            for sheet in sheets:
                document = pdfium.PdfDocument(sheet)
                whole.import_pages(document)
                pages.append(len(document))
                document.close()
            target = BytesIO()
            whole.save(target)
        finally:
            whole.close()
    return target.getvalue(), pages
