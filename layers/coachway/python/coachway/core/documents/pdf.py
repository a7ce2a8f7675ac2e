"""Papers for people: PDF with one look, in the organization's colour. ReportLab is in the layer `documents`."""

from __future__ import annotations

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
from coachway.core.documents.formatting import telephone

FONTS: Final = Path(__file__).parents[1] / "fonts"
MARGIN: Final = 18 * mm
BAND: Final = 26 * mm
"""Height of the coloured band on top of the first page."""

INK: Final = HexColor("#17212b")
QUIET: Final = HexColor("#4a5763")
RULE: Final = HexColor("#d3dae0")

PARAGRAPH_LINES: Final = 40
"""The most lines of one paragraph."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ASIAN: Final = (
    ("shift_jis", "HeiseiKakuGo-W5"),
    ("gb2312", "STSong-Light"),
    ("big5", "MSung-Light"),
    ("euc_kr", "HYGothic-Medium"),
)
"""Typefaces that whoever shows a PDF brings along, with the code of the letters that each has: none is in the file."""
_NONE: Final = ""
_MISSING: Final = "\ufffd"
_LETTER: Final = frozenset({"USD", "CAD", "MXN"})
"""Where paper is Letter, not A4: told by the organization's currency."""


def text(value: str) -> str:
    """What somebody wrote, as ReportLab's markup: nothing in it is taken for a tag, and its lines stay lines.

    Letters that the typeface lacks are set in another; those that none has are shown to be missing.
    """
    runs = groupby(_CONTROL.sub("", value), key=_font_of)
    return "".join(_set(font, "".join(letters)) for font, letters in runs).replace("\n", "<br/>")


def _set(font: str, letters: str) -> str:
    if font == _NONE:
        return _MISSING
    return escape(letters) if font == "Body" else f'<font name="{font}">{escape(letters)}</font>'


@lru_cache(maxsize=4096)
def _font_of(letter: str) -> str:
    """Which typeface has a letter, if any has."""
    if letter == "\n" or ord(letter) in _fonts():
        return "Body"
    return next((font for codec, font in _ASIAN if _knows(codec, letter)), _NONE)


def _knows(codec: str, letter: str) -> bool:
    try:
        letter.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


@cache
def _fonts() -> frozenset[int]:
    """Have all typefaces at hand; which letters that of the body has."""
    body = TTFont("Body", FONTS / "Roboto-Regular.ttf")
    for _, name in _ASIAN:
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    pdfmetrics.registerFont(body)
    pdfmetrics.registerFont(TTFont("Body-Bold", FONTS / "Roboto-Bold.ttf"))
    pdfmetrics.registerFontFamily("Body", normal="Body", bold="Body-Bold", italic="Body", boldItalic="Body-Bold")
    return frozenset(body.face.charToGlyph)


def style(size: float = 10, *, bold: bool = False, quiet: bool = False, after: float = 0) -> ParagraphStyle:
    """A style of the one typeface; sizes in points."""
    _fonts()
    return ParagraphStyle(
        name=f"{size}{bold}{quiet}{after}",
        fontName="Body-Bold" if bold else "Body",
        fontSize=size,
        leading=size * 1.4,
        textColor=QUIET if quiet else INK,
        spaceAfter=after,
    )


class PdfDocument:
    """A paper in the making: add headings, facts and more from top to bottom, then take its `pdf()`."""

    def __init__(self, brand: Brand, *, title: str, subtitle: str, reference: str, currency: str) -> None:
        self.brand, self.title, self.subtitle, self.reference = brand, title, subtitle, reference
        self.size = letter if currency in _LETTER else A4
        self.parts: list[Flowable] = []
        _fonts()

    @property
    def width(self) -> float:
        """Points between the margins."""
        return float(self.size[0] - 2 * MARGIN)

    def add(self, part: Flowable) -> None:
        """Add a flowable of ReportLab's own."""
        self.parts.append(part)

    def heading(self, words: str, *, room: float = 32 * mm) -> None:
        """A heading; it begins another page where less than the `room` (points) is left for it and what follows."""
        heading = Paragraph(text(words), style(12.5, bold=True, after=5))
        self.parts += [CondPageBreak(room), Spacer(0, 10), heading]

    def paragraph(self, words: str, *, quiet: bool = False) -> None:
        """What somebody wrote. Long texts become several paragraphs: ReportLab splits one in quadratic time."""
        lines = [line or "\u00a0" for line in words.split("\n")]
        for start in range(0, len(lines), PARAGRAPH_LINES):
            part = "\n".join(lines[start : start + PARAGRAPH_LINES])
            after = 0 if start + PARAGRAPH_LINES < len(lines) else 4
            self.parts.append(Paragraph(text(part), style(10, quiet=quiet, after=after)))

    def facts(self, events: Sequence[tuple[str, str]]) -> None:
        """Names and values in two columns of pairs."""
        cells = [
            [Paragraph(text(name), style(8.5, quiet=True)), Paragraph(text(value) or "-", style(10.5, bold=True))]
            for name, value in events
        ]
        rows = [cells[at : at + 2] + [[]] * (2 - len(cells[at : at + 2])) for at in range(0, len(cells), 2)]
        if rows:
            half = self.width / 2
            table = Table(rows, colWidths=[half, half], style=[*FLUSH, ("BOTTOMPADDING", (0, 0), (-1, -1), 7)])
            self.parts.append(table)

    def pdf(self) -> bytes:
        """The finished PDF. The same parts make the same bytes."""
        pages = self._drawn(io.BytesIO(), of_pages=0)
        out = io.BytesIO()
        self._drawn(out, of_pages=pages)
        return out.getvalue()

    def _drawn(self, out: io.BytesIO, *, of_pages: int) -> int:
        """Draws a copy, as ReportLab uses up what it draws; returns the number of pages."""
        document = BaseDocTemplate(
            out,
            pagesize=self.size,
            title=f"{self.title} {self.reference}",
            author=self.brand.name,
            creator="CoachWay",
            invariant=1,
            lang="en-US",
        )
        high, wide = self.size[1], self.width
        first = Frame(MARGIN, MARGIN + 6 * mm, wide, high - BAND - MARGIN - 14 * mm, 0, 0, 0, 0)
        later = Frame(MARGIN, MARGIN + 6 * mm, wide, high - 2 * MARGIN - 14 * mm, 0, 0, 0, 0)
        foot = partial(self._foot, of_pages=of_pages)
        document.addPageTemplates(
            [
                PageTemplate("first", [first], onPage=self._band, onPageEnd=foot, autoNextPageTemplate="later"),
                PageTemplate("later", [later], onPage=self._line, onPageEnd=foot),
            ]
        )
        document.build(deepcopy(self.parts))
        return int(document.page)

    def _band(self, canvas: Canvas, _: object) -> None:
        high, right = self.size[1], self.size[0] - MARGIN
        canvas.setFillColor(HexColor(self.brand.accent))
        canvas.rect(0, high - BAND, self.size[0], BAND, stroke=0, fill=1)
        canvas.setFillColor(white)
        room = self.size[0] - 2 * MARGIN - canvas.stringWidth(self.title, "Body-Bold", 19) - 20
        canvas.setFont("Body-Bold", 15)
        canvas.drawString(MARGIN, high - 12.5 * mm, _fitted(canvas, self.brand.name, "Body-Bold", 15, room))
        canvas.setFont("Body", 9)
        contact = " · ".join(filter(None, (telephone(self.brand.phone), self.brand.email)))
        canvas.drawString(MARGIN, high - 18.5 * mm, _fitted(canvas, contact, "Body", 9, room))
        canvas.setFont("Body-Bold", 19)
        canvas.drawRightString(right, high - 13 * mm, self.title)
        canvas.setFont("Body", 10.5)
        canvas.drawRightString(right, high - 19 * mm, self.subtitle)

    def _line(self, canvas: Canvas, _: object) -> None:
        high = self.size[1]
        canvas.setFont("Body", 8.5)
        canvas.setFillColor(QUIET)
        canvas.drawString(MARGIN, high - MARGIN, f"{self.title} {self.reference}")
        canvas.setStrokeColor(RULE)
        canvas.line(MARGIN, high - MARGIN - 2 * mm, self.size[0] - MARGIN, high - MARGIN - 2 * mm)

    def _foot(self, canvas: Canvas, document: BaseDocTemplate, *, of_pages: int) -> None:
        canvas.setFont("Body", 8.5)
        canvas.setFillColor(QUIET)
        room = self.size[0] - 2 * MARGIN - 80
        canvas.drawString(MARGIN, MARGIN - 4 * mm, _fitted(canvas, self.brand.name, "Body", 8.5, room))
        canvas.drawRightString(self.size[0] - MARGIN, MARGIN - 4 * mm, f"Page {document.page} of {of_pages}")


FLUSH: Final[Sequence[tuple[Any, ...]]] = (
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 6),
    ("TOPPADDING", (0, 0), (-1, -1), 0),
)
"""A table style without padding on the left and top."""


def _fitted(canvas: Canvas, words: str, font: str, size: float, room: float) -> str:
    """The words, cut with an ellipsis when they are wider than the room (points)."""
    if canvas.stringWidth(words, font, size) <= room:
        return words
    while words and canvas.stringWidth(words + "…", font, size) > room:
        words = words[:-1]
    return words + "…"
