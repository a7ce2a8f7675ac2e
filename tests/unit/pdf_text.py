"""Read the text of PDFs, as a viewer copies it."""

from __future__ import annotations

import pypdfium2

from coachway.core.documents.pdf import Pdf


def read_pages(pdf: Pdf) -> list[str]:
    """The text of every page, with lines and words separated by single spaces."""
    with pypdfium2.PdfDocument(pdf.content) as document:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def find_text(pdf: Pdf, text: str) -> tuple[float, float, float, float]:
    """The left, bottom, right and top of the first occurrence on the first page, in points."""
    with pypdfium2.PdfDocument(pdf.content) as document:
        page = document[0].get_textpage()
        found = page.search(text).get_next()
        assert found, f"{text!r} is not on the first page"
        boxes = [page.get_charbox(index) for index in range(found[0], found[0] + found[1])]
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def draw_text(pdf: Pdf, text: str) -> bytes:
    """The pixels of the first occurrence on the first page."""
    left, bottom, right, top = find_text(pdf, text)
    with pypdfium2.PdfDocument(pdf.content) as document:
        width, height = document[0].get_size()
        image = document[0].render(scale=6, crop=(left, bottom, width - right, height - top))
        return bytes(image.buffer)


def list_embedded_fonts(pdf: Pdf) -> set[str]:
    """The names of the fonts that are embedded."""
    with pypdfium2.PdfDocument(pdf.content) as document:
        texts = [part for page in document for part in page.get_objects() if isinstance(part, pypdfium2.PdfTextObj)]
        fonts = [text.get_font() for text in texts]
        return {font.get_base_name() for font in fonts if font.is_embedded}
