"""PDFs in one style, in the organization's color, in all common scripts. Typst and the fonts are in the layer `pdf`.

Each capability has its own templates, which import `document.typ`.
"""

import importlib.resources
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, cast
from unicodedata import category

import typst

from coachway.core.documents.branding import Brand, Logo
from coachway.core.documents.drawable_characters import is_drawable
from coachway.core.documents.formatting import format_phone
from coachway.core.http.response_types import FileResponse
from coachway.core.runtime.logging import logger

_PACKAGE: Final = Path(__file__).parents[2]
FONT_PACKAGES: Final = ("manimgx_fonts", "fontpkg_amiri", "cvttf_NotoSansCJK_Regular")
FONT_FAMILIES: Final = (
    "Noto Sans",
    "Amiri",  # Text in Noto Sans Arabic cannot be copied from a PDF: its letters are composed of several glyphs.
    *(
        f"Noto Sans {script}"
        for script in (
            *("Hebrew", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu"),
            *("Kannada", "Malayalam", "Sinhala", "Thai", "Lao", "Myanmar", "Khmer", "Ethiopic", "Armenian"),
            *("Georgian", "Symbols", "CJK TC"),
        )
    ),
    "Noto Emoji",
)
"""A character is drawn in the first of these fonts that has it."""
MISSING_CHARACTERS_HEADER: Final = "X-Missing-Characters"

_LETTER_CURRENCIES: Final = frozenset({"USD", "CAD", "MXN"})
"""Organizations with these currencies use the paper size Letter, others A4."""
_LOGO_BOX: Final = (110.0, 32.0)
"""The largest width and height of a logo, in points."""
_KANA: Final = re.compile("[\u3041-\u30ff]")
_HANGUL: Final = re.compile("[\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Pdf:
    """A finished PDF. It shows the code points of characters that no font has: `U+13000`."""

    content: bytes
    missing_characters: Sequence[str] = ()

    def build_response(self, filename: str) -> FileResponse:
        """Build the response that displays the PDF. A header lists the missing characters."""
        missing = " ".join(self.missing_characters)
        headers = {MISSING_CHARACTERS_HEADER: missing} if missing else {}
        return FileResponse(self.content, "application/pdf", filename, inline=True, headers=headers)


def render_template(
    template: Path, brand: Brand, *, title: str, subtitle: str, reference: str, currency: str, **values: object
) -> Pdf:
    """Render a Typst template with values that JSON can have. The same values give the same bytes.

    Characters that no font has are replaced by their code points, and logged.
    """
    contact = " · ".join(filter(None, (format_phone(brand.phone), brand.email)))
    document: dict[str, object] = {
        "accent": brand.accent,
        "logo": _describe_logo(brand.logo) if brand.logo else None,
        "organization": brand.name,
        "contact": contact,
        "title": title,
        "subtitle": subtitle,
        "reference": reference,
        "paper": "us-letter" if currency in _LETTER_CURRENCIES else "a4",
        "fonts": FONT_FAMILIES,
        **{name.replace("_", "-"): value for name, value in values.items()},
    }
    text = json.dumps(document, ensure_ascii=False)
    undrawable = sorted(character for character in set(text) if not is_drawable(character))
    missing = [_code_point(character) for character in undrawable if category(character) != "Cc"]
    if missing:
        logger.warning("characters of a PDF are in no font", title=title, reference=reference, characters=missing)
    replacements = {ord(character): _replacement(character) for character in undrawable}
    language = "ja" if _KANA.search(text) else "ko" if _HANGUL.search(text) else "zh"

    def compile_document(document: Mapping[str, object]) -> bytes:
        data = json.dumps(document, ensure_ascii=False).translate(replacements)
        inputs = {"data": data, "asian-language": language}
        return cast("bytes", _compiler().compile(template, format="pdf", root=_PACKAGE, sys_inputs=inputs))

    try:
        return Pdf(compile_document(document), missing)
    except typst.TypstError:
        if brand.logo is None:
            raise
        logger.exception("the logo cannot be drawn; the PDF is without it", title=title, reference=reference)
        return Pdf(compile_document({**document, "logo": None}), missing)


def _describe_logo(logo: Logo) -> Mapping[str, object]:
    """The logo as an SVG image, which Typst can read from a text, and its size on the page in points."""
    width, height = logo.fit(*_LOGO_BOX)
    size = f'width="{logo.width}" height="{logo.height}"'
    image = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><image {size} href="{logo.data_url}"/></svg>'
    return {"image": image, "width": width, "height": height}


def _replacement(character: str) -> str:
    return "" if category(character) == "Cc" else f" {_code_point(character)} "


def _code_point(character: str) -> str:
    return f"U+{ord(character):04X}"


@cache
def _compiler() -> typst.Compiler:
    """The compiler with the fonts, which are only read from their packages, never from the system."""
    directories = [str(importlib.resources.files(package)) for package in FONT_PACKAGES]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[*directories])
    return typst.Compiler(font_paths=fonts)
