"""Papers take what people write, whatever it is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.core.documents import pdf as document_pdf
from coachway.core.documents.branding import Brand


def sheet(name: str, words: str) -> document_pdf.PdfDocument:
    paper = document_pdf.PdfDocument(
        Brand(name), title="Itinerary", subtitle="CH-2027-000001", reference="CH-2027-000001", currency="USD"
    )
    paper.heading(words)
    paper.facts([("Client", words), ("Passengers", "")])
    paper.paragraph(words)
    return paper


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_words_make_a_paper(name: str, words: str) -> None:
    assert sheet(name, words).pdf().startswith(b"%PDF")


def test_markup_in_what_somebody_wrote_is_only_text() -> None:
    assert document_pdf.text("<b>Tom & Ana\n</b>\x07") == "&lt;b&gt;Tom &amp; Ana<br/>&lt;/b&gt;"


def test_no_letter_of_a_name_is_left_out_in_silence() -> None:
    assert document_pdf.text("Zürich, Київ, Αθήνα") == "Zürich, Київ, Αθήνα"
    assert document_pdf.text("A 東京 <b> 서울") == (
        'A <font name="HeiseiKakuGo-W5">東京</font> &lt;b&gt; <font name="HYGothic-Medium">서울</font>'
    )
    assert document_pdf.text("Café القاهرة") == "Café \ufffd", "nothing here can set it, which is seen"


def test_the_same_paper_is_the_same_bytes() -> None:
    assert sheet("Harbor Coach", "Zürich → Łódź").pdf() == sheet("Harbor Coach", "Zürich → Łódź").pdf()


def test_a_long_paper_breaks_over_pages() -> None:
    paper = sheet("Harbor Coach", "word " * 10)
    for _ in range(80):
        paper.paragraph("word " * 60)
    assert paper.pdf().count(b"/Type /Page\n") > 3
