"""PDFs of arbitrary texts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.core.documents import pdf as document_pdf
from coachway.core.documents.branding import Brand


def build_pdf(name: str, words: str) -> document_pdf.PdfDocument:
    document = document_pdf.PdfDocument(
        Brand(name), title="Itinerary", subtitle="CH-2027-000001", reference="CH-2027-000001", currency="USD"
    )
    document.add_heading(words)
    document.add_facts([("Client", words), ("Passengers", "")])
    document.add_paragraph(words)
    return document


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_pdf_of_any_text_is_generated(name: str, words: str) -> None:
    assert build_pdf(name, words).render().startswith(b"%PDF")


def test_text_escapes_markup_and_control_characters() -> None:
    assert document_pdf.escape_text("<b>Tom & Ana\n</b>\x07") == "&lt;b&gt;Tom &amp; Ana<br/>&lt;/b&gt;"


def test_text_of_other_scripts_uses_fallback_fonts_or_replacement_character() -> None:
    assert document_pdf.escape_text("Zürich, Київ, Αθήνα") == "Zürich, Київ, Αθήνα"
    assert document_pdf.escape_text("A 東京 <b> 서울") == (
        'A <font name="HeiseiKakuGo-W5">東京</font> &lt;b&gt; <font name="HYGothic-Medium">서울</font>'
    )
    assert document_pdf.escape_text("Café القاهرة") == "Café \ufffd", (
        "no font has these letters, so they are replaced visibly"
    )


def test_pdf_of_same_content_has_same_bytes() -> None:
    assert build_pdf("Harbor Coach", "Zürich → Łódź").render() == build_pdf("Harbor Coach", "Zürich → Łódź").render()


def test_long_pdf_has_several_pages() -> None:
    document = build_pdf("Harbor Coach", "word " * 10)
    for _ in range(80):
        document.add_paragraph("word " * 60)
    assert document.render().count(b"/Type /Page\n") > 3
