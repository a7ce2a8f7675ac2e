"""PDFs of arbitrary texts, in all common scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coachway
from coachway.core.documents import pdf as document_pdf
from coachway.core.documents.branding import Brand
from coachway.core.documents.pdf import MISSING_CHARACTERS_HEADER, Pdf
from tests.unit.pdf_text import draw_text, find_text, list_embedded_fonts, read_pages

ITINERARY = Path(coachway.__path__[0]) / "bookings" / "templates" / "itinerary.typ"
STOP = {"kind": "Pickup", "times": [{"day": "", "label": "Departs", "value": "9:00 AM"}]}


def render(name: str = "Harbor Coach", words: str = "", **values: Any) -> Pdf:
    defaults = {
        "days": "Wednesday",
        "facts": [("Client", words), ("Passengers", "")],
        "crews": [],
        "stops": [{**STOP, "address": words}],
        "notes": words,
    }
    return document_pdf.render_template(
        ITINERARY,
        Brand(name),
        title="Itinerary",
        subtitle="CH-2027-000001",
        reference="CH-2027-000001",
        currency="USD",
        **{**defaults, **values},
    )


@settings(max_examples=10, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_render_template_of_any_text_is_a_pdf(name: str, words: str) -> None:
    assert render(name, words).content.startswith(b"%PDF")


@pytest.mark.parametrize(
    "text",
    [
        "Zürich Łódź",
        "Việt Nam",
        "Αθήνα",
        "Київ",
        "شركة بيروت السلام",
        "خیابان گلستان",
        "תל אביב",
        "क्षेत्र मार्ग",
        "ถนนสุขุมวิท",
        "東京都港区タワー",
        "北京市东城区长安街",
        "서울특별시",
        "საქართველო",
        "Երևան",
        "ঢাকা",
        "→ ✈ 🚌 ₹",
    ],
)
def test_render_template_shows_common_scripts_in_embedded_fonts(text: str) -> None:
    pdf = render(name=text, words=text)
    [page] = read_pages(pdf)
    assert not pdf.missing_characters
    for word in text.split():
        assert page.count(word) >= 5, "in the band and the foot, as a fact, an address and a note"
    fonts = list_embedded_fonts(pdf)
    assert fonts
    assert all("+" in font for font in fonts), "only the glyphs that are used are embedded"


def test_render_template_draws_right_to_left_text_from_the_right() -> None:
    pdf = render(words="Gate 4 القاهرة Cairo", notes="القاهرة 12.")
    left, _, right, _ = find_text(pdf, "القاهرة")
    assert left > find_text(pdf, "Gate")[2]
    assert right < find_text(pdf, "Cairo")[0]
    notes = find_text(render(notes="القاهرة 12."), "القاهرة")
    assert find_text(render(notes="القاهرة 12."), "12")[2] < notes[0], "the number follows on the left"


def test_render_template_draws_han_letters_as_the_language_of_the_document_writes_them() -> None:
    japanese, chinese = (draw_text(render(name=name, words="骨"), "骨") for name in ("ひ", "北"))
    assert japanese != chinese
    assert japanese == draw_text(render(name="タワー", words="骨"), "骨")


def test_render_template_with_character_of_no_font_shows_its_code_point_and_reports_it() -> None:
    pdf = render(words="𓀀 Museum")
    [page] = read_pages(pdf)
    assert page.count("U+13000 Museum") == 3
    assert pdf.missing_characters == ["U+13000"]
    assert pdf.build_response("a.pdf").headers == {MISSING_CHARACTERS_HEADER: "U+13000"}
    assert render(words="Museum").build_response("a.pdf").headers == {}


def test_render_template_shows_markup_as_text_and_drops_control_characters() -> None:
    words = "#panic() *b* $x$ <b> [a] \\n"
    [page] = read_pages(render(words=f"{words}\x07\x7f\x85"))
    assert page.count(words) == 3


def test_render_template_keeps_a_long_word_on_the_page() -> None:
    pdf = render(words="W" * 200)
    [page] = read_pages(pdf)
    assert page.count("W") == 3 * 200 + 1, "and one in Wednesday"
    assert find_text(pdf, "WWW")[2] < 612
    mail = "reservations.harbor.coach@example.com"
    assert mail in read_pages(render(words=mail))[0], "a mail address that fits is one word"


def test_render_template_shortens_a_long_name_in_band_and_foot() -> None:
    [page] = read_pages(render(name="Harbor " * 60))
    assert page.count("…") == 2


def test_render_template_of_same_values_has_same_bytes() -> None:
    assert render(words="Zürich → 東京").content == render(words="Zürich → 東京").content


def test_render_template_does_not_split_a_stop_between_pages() -> None:
    stops = [{**STOP, "address": f"{number}{number} Long Street\nFloor\nRoom {number}."} for number in range(1, 41)]
    pages = read_pages(render(stops=stops))
    assert len(pages) > 2
    for number in range(1, 41):
        assert sum(f"{number}{number} Long Street Floor Room {number}." in page for page in pages) == 1
    assert all("Page" in page for page in pages)
