"""PDFs in one style, in the organization's color. ReportLab is in the layer `documents`."""

import io
import re
from collections.abc import Sequence
from copy import deepcopy
from functools import cache, lru_cache, partial
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import A4, letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Flowable, Frame, PageTemplate, Paragraph, Spacer, Table

from coachway.core.documents.branding import Brand
from coachway.core.documents.formatting import format_phone

FONTS: Final = Path(__file__).parents[1] / "fonts"
MARGIN: Final = 18 * mm
BAND_HEIGHT: Final = 26 * mm
"""Height of the colored band at the top of the first page."""

TEXT_COLOR: Final = HexColor("#17212b")
SECONDARY_COLOR: Final = HexColor("#4a5763")
LINE_COLOR: Final = HexColor("#d3dae0")

MAX_PARAGRAPH_LINES: Final = 40
"""The maximum lines of one paragraph."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ASIAN_FONTS: Final = (
    ("shift_jis", "HeiseiKakuGo-W5"),
    ("gb2312", "STSong-Light"),
    ("big5", "MSung-Light"),
    ("euc_kr", "HYGothic-Medium"),
)
"""Standard fonts of PDF viewers, which are not embedded, each with a codec that has the same letters."""
_NO_FONT: Final = ""
_REPLACEMENT_CHARACTER: Final = "\ufffd"
_LETTER_CURRENCIES: Final = frozenset({"USD", "CAD", "MXN"})
"""Organizations with these currencies use the paper size Letter, others A4."""


def escape_text(value: str) -> str:
    """Escape text for ReportLab's markup, and keep its line breaks.

    Letters that the font lacks use another font. Letters that no font has become a replacement character.
    """
    runs = groupby(_CONTROL.sub("", value), key=_get_font)
    return "".join(_markup(font, "".join(letters)) for font, letters in runs).replace("\n", "<br/>")


def _markup(font: str, letters: str) -> str:
    if font == _NO_FONT:
        return _REPLACEMENT_CHARACTER
    return escape(letters) if font == "Body" else f'<font name="{font}">{escape(letters)}</font>'


@lru_cache(maxsize=4096)
def _get_font(letter: str) -> str:
    """Return the name of a font that has a letter; empty if there is none."""
    if letter == "\n" or ord(letter) in _register_fonts():
        return "Body"
    return next((font for codec, font in _ASIAN_FONTS if _has_letter(codec, letter)), _NO_FONT)


def _has_letter(codec: str, letter: str) -> bool:
    try:
        letter.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


@cache
def _register_fonts() -> frozenset[int]:
    """Register all fonts, once. Return the code points of the body font."""
    body = TTFont("Body", FONTS / "Roboto-Regular.ttf")
    for _, name in _ASIAN_FONTS:
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    pdfmetrics.registerFont(body)
    pdfmetrics.registerFont(TTFont("Body-Bold", FONTS / "Roboto-Bold.ttf"))
    pdfmetrics.registerFontFamily("Body", normal="Body", bold="Body-Bold", italic="Body", boldItalic="Body-Bold")
    return frozenset(body.face.charToGlyph)


def paragraph_style(size: float = 10, *, bold: bool = False, quiet: bool = False, after: float = 0) -> ParagraphStyle:
    """Return a paragraph style in the body font; sizes in points."""
    _register_fonts()
    return ParagraphStyle(
        name=f"{size}{bold}{quiet}{after}",
        fontName="Body-Bold" if bold else "Body",
        fontSize=size,
        leading=size * 1.4,
        textColor=SECONDARY_COLOR if quiet else TEXT_COLOR,
        spaceAfter=after,
    )


class PdfDocument:
    """A PDF to build from top to bottom: add headings, facts and more, then call `render()`."""

    def __init__(self, brand: Brand, *, title: str, subtitle: str, reference: str, currency: str) -> None:
        self.brand, self.title, self.subtitle, self.reference = brand, title, subtitle, reference
        self.size = letter if currency in _LETTER_CURRENCIES else A4
        self.parts: list[Flowable] = []
        _register_fonts()

    @property
    def width(self) -> float:
        """The width between the margins, in points."""
        return float(self.size[0] - 2 * MARGIN)

    def add_flowable(self, part: Flowable) -> None:
        """Add a flowable of ReportLab."""
        self.parts.append(part)

    def add_heading(self, title: str, *, min_space: float = 32 * mm) -> None:
        """Add a heading. It starts a new page if less than `min_space` (points) is left on the current one."""
        heading = Paragraph(escape_text(title), paragraph_style(12.5, bold=True, after=5))
        self.parts += [CondPageBreak(min_space), Spacer(0, 10), heading]

    def add_paragraph(self, content: str, *, quiet: bool = False) -> None:
        """Add plain text. Long texts become several paragraphs, because ReportLab splits one in quadratic time."""
        lines = [line or "\u00a0" for line in content.split("\n")]
        for start in range(0, len(lines), MAX_PARAGRAPH_LINES):
            part = "\n".join(lines[start : start + MAX_PARAGRAPH_LINES])
            after = 0 if start + MAX_PARAGRAPH_LINES < len(lines) else 4
            self.parts.append(Paragraph(escape_text(part), paragraph_style(10, quiet=quiet, after=after)))

    def add_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Add names and values in two columns."""
        cells = [
            [
                Paragraph(escape_text(name), paragraph_style(8.5, quiet=True)),
                Paragraph(escape_text(value) or "-", paragraph_style(10.5, bold=True)),
            ]
            for name, value in facts
        ]
        rows = [cells[at : at + 2] + [[]] * (2 - len(cells[at : at + 2])) for at in range(0, len(cells), 2)]
        if rows:
            half = self.width / 2
            table = Table(rows, colWidths=[half, half], style=[*FLUSH_STYLE, ("BOTTOMPADDING", (0, 0), (-1, -1), 7)])
            self.parts.append(table)

    def render(self) -> bytes:
        """Return the finished PDF. The same content gives the same bytes."""
        page_count = self._build(io.BytesIO(), page_count=0)
        buffer = io.BytesIO()
        self._build(buffer, page_count=page_count)
        return buffer.getvalue()

    def _build(self, buffer: io.BytesIO, *, page_count: int) -> int:
        """Draw a copy, because ReportLab consumes the parts; returns the number of pages."""
        document = BaseDocTemplate(
            buffer,
            pagesize=self.size,
            title=f"{self.title} {self.reference}",
            author=self.brand.name,
            creator="CoachWay",
            invariant=1,
            lang="en-US",
        )
        height, width = self.size[1], self.width
        first = Frame(MARGIN, MARGIN + 6 * mm, width, height - BAND_HEIGHT - MARGIN - 14 * mm, 0, 0, 0, 0)
        later = Frame(MARGIN, MARGIN + 6 * mm, width, height - 2 * MARGIN - 14 * mm, 0, 0, 0, 0)
        draw_footer = partial(self._draw_footer, page_count=page_count)
        document.addPageTemplates(
            [
                PageTemplate(
                    "first", [first], onPage=self._draw_band, onPageEnd=draw_footer, autoNextPageTemplate="later"
                ),
                PageTemplate("later", [later], onPage=self._draw_header, onPageEnd=draw_footer),
            ]
        )
        document.build(deepcopy(self.parts))
        return int(document.page)

    def _draw_band(self, canvas: Canvas, _: object) -> None:
        height, right = self.size[1], self.size[0] - MARGIN
        canvas.setFillColor(HexColor(self.brand.accent))
        canvas.rect(0, height - BAND_HEIGHT, self.size[0], BAND_HEIGHT, stroke=0, fill=1)
        canvas.setFillColor(white)
        max_width = self.size[0] - 2 * MARGIN - canvas.stringWidth(self.title, "Body-Bold", 19) - 20
        canvas.setFont("Body-Bold", 15)
        canvas.drawString(MARGIN, height - 12.5 * mm, _shorten(canvas, self.brand.name, "Body-Bold", 15, max_width))
        canvas.setFont("Body", 9)
        contact = " · ".join(filter(None, (format_phone(self.brand.phone), self.brand.email)))
        canvas.drawString(MARGIN, height - 18.5 * mm, _shorten(canvas, contact, "Body", 9, max_width))
        canvas.setFont("Body-Bold", 19)
        canvas.drawRightString(right, height - 13 * mm, self.title)
        canvas.setFont("Body", 10.5)
        canvas.drawRightString(right, height - 19 * mm, self.subtitle)

    def _draw_header(self, canvas: Canvas, _: object) -> None:
        height = self.size[1]
        canvas.setFont("Body", 8.5)
        canvas.setFillColor(SECONDARY_COLOR)
        canvas.drawString(MARGIN, height - MARGIN, f"{self.title} {self.reference}")
        canvas.setStrokeColor(LINE_COLOR)
        canvas.line(MARGIN, height - MARGIN - 2 * mm, self.size[0] - MARGIN, height - MARGIN - 2 * mm)

    def _draw_footer(self, canvas: Canvas, document: BaseDocTemplate, *, page_count: int) -> None:
        canvas.setFont("Body", 8.5)
        canvas.setFillColor(SECONDARY_COLOR)
        max_width = self.size[0] - 2 * MARGIN - 80
        canvas.drawString(MARGIN, MARGIN - 4 * mm, _shorten(canvas, self.brand.name, "Body", 8.5, max_width))
        canvas.drawRightString(self.size[0] - MARGIN, MARGIN - 4 * mm, f"Page {document.page} of {page_count}")


FLUSH_STYLE: Final[Sequence[tuple[Any, ...]]] = (
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 6),
    ("TOPPADDING", (0, 0), (-1, -1), 0),
)
"""A table style without padding at the left and top."""


def _shorten(canvas: Canvas, line: str, font: str, size: float, max_width: float) -> str:
    """Shorten a line with an ellipsis if it is wider than `max_width` (points)."""
    if canvas.stringWidth(line, font, size) <= max_width:
        return line
    while line and canvas.stringWidth(line + "…", font, size) > max_width:
        line = line[:-1]
    return line + "…"
