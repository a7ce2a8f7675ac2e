"""The words of records and of queries."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core.persistence.search_terms import (
    MAX_TERMS,
    fold,
    index_terms,
    parse_query,
    split_terms,
)
from coachway.core.types.search_text import MAX_ENTRIES, SearchText

PETRA = SearchText(
    "Petra van der Meer",
    names=("Petra van der Meer",),
    emails=("Petra.Meer@Acme.example",),
    phones=("+12125550199",),
)
TRIP = SearchText(
    "CH-2026-000123",
    numbers=("CH-2026-000123",),
    addresses=("11 Wall St, New York, NY 10005", "1901 Boardwalk, Atlantic City, NJ"),
)
INVOICE = SearchText("INV-2026-HARBOR-00012", numbers=("INV-2026-HARBOR-00012",), names=("Acme Events",))
COACH = SearchText("Coach 12", names=("Coach 12",), codes=("NJ 12-345",))
ERASED = SearchText("erased", names=("erased",), emails=("",), phones=(None,))


def is_found(text: SearchText, query: str) -> bool:
    """Whether a search reads an entry of the record and finds all its words in it."""
    search, indexed = parse_query(query), index_terms(text)
    if search is None or not any(term.startswith(search.key) for term in indexed.indexed):
        return False
    return search.matches(indexed.indexed + indexed.others)


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        (PETRA, ["meer", "MEER", "mee", "petra meer", "van der meer", "meer petra", "petra.meer@acme.example"]),
        (PETRA, ["petra.meer@a", "@acme.example", "acme", "meer acme"]),
        (PETRA, ["(212) 555-0199", "212-555-0199", "+1 212 555 0199", "2125550199", "5550199", "555-0199", "555.0199"]),
        (PETRA, ["001 212 555 0199", "meer 555 0199", "petra (212) 555-0199"]),
        (TRIP, ["123", "000123", "CH-2026-000123", "ch-2026-000123", "2026-000123", "ch 123", "CH–2026–000123"]),
        (TRIP, ["wall st", "atlantic", "1901 boardwalk", "11 wall", "10005", "new york 11", "atlantic city nj"]),
        (INVOICE, ["12", "INV-2026-HARBOR-00012", "inv 12", "harbor 12", "acme", "acme 12"]),
        (COACH, ["coach 12", "12", "nj12345", "NJ 12-345", "NJ 12 345", "345"]),
        (SearchText("", names=("Müller & Søn",)), ["muller", "MÜLLER", "son", "sø", "muller son"]),
        (SearchText("", names=("Łódź Straße Đorđe Æther Œuvre",)), ["lodz", "strasse", "đorđ", "aether", "oeuvre"]),
        (SearchText("", names=("J.P. O\u2019Brien-Smith",)), ["jp obrien", "j.p. o'brien", "O'BRIEN", "smith"]),
        (SearchText("", names=("山田太郎",)), ["山", "山田", "太郎", "山田太郎"]),
        (SearchText("", names=("株式会社 ﾔﾏﾀﾞ",)), ["株式", "会社", "ヤマダ", "ヤマ"]),
        (SearchText("", names=("김민수",)), ["김", "김민수"]),
        (SearchText("", names=("محمد عبد الله",)), ["محمد", "عبد", "مُحَمَّد"]),
        (SearchText("", names=("משה כהן",)), ["כהן", "משה כה"]),
        (SearchText("", names=("नमस्ते यात्रा",)), ["नमस्ते", "यात्रा", "नम"]),
        (SearchText("", names=("\uff21\uff43\uff4d\uff45 \uff11\uff12",)), ["acme 12", "ACME"]),
        (SearchText("", phones=("555-010-0000",)), ["555-010-0000", "5550100000"]),
        (SearchText("", emails=("info@acme.com",)), ["acme.com", "acme"]),
        (SearchText("", codes=("1234567", "MC-123456")), ["1234567", "mc123456", "MC-123456", "123456"]),
    ],
)
def test_query_finds_record(text: SearchText, queries: list[str]) -> None:
    assert [query for query in queries if not is_found(text, query)] == []


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        (PETRA, ["eer", "petra jones", "2125550198", "0199x", "pieter", "212555019", "gmail", "petra@"]),
        (TRIP, ["CH-2026-000012", "000012", "012", "124", "CH-2025-000123", "INV-2026-000123", "23", "wall street"]),
        (SearchText("", emails=("bob@gmail.com",)), ["gmail", "com"]),
        (SearchText("", emails=("info@acme.com",)), ["acme.org"]),
        (ERASED, ["erased", "e"]),
    ],
)
def test_query_does_not_find_other_records(text: SearchText, queries: list[str]) -> None:
    assert [query for query in queries if is_found(text, query)] == []


@pytest.mark.parametrize("query", ["", " ", "#", "%", "😀", "@", "...", "'", "\u200b", "--", "@@", "()"])
def test_query_without_letter_or_digit_has_no_terms(query: str) -> None:
    assert parse_query(query) is None


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("petra van der meer", "petra"),
        ("van der meer", "meer"),
        ("charter 123", "123"),
        ("INV-2026-HARBOR-00012", "12"),
        ("smith bob@acme.example 12", "bob@acme.example"),
        ("smith 212-555-0199", "~9910555212"),
    ],
)
def test_query_key_is_its_most_selective_term(query: str, key: str) -> None:
    search = parse_query(query)
    assert search is not None
    assert search.key == key


def test_exact_words_are_told_from_beginnings() -> None:
    exact, beginning = parse_query("123 wall"), parse_query("12 wall")
    assert exact is not None
    assert beginning is not None
    terms = index_terms(TRIP).indexed
    assert (exact.is_exact(terms), beginning.is_exact(terms)) == (True, False)


def test_terms_of_long_texts_are_limited() -> None:
    words = " ".join(f"wörd{number}x" for number in range(200))
    indexed = index_terms(SearchText("", names=(words,), addresses=(words,)))
    assert len(indexed.indexed) == MAX_ENTRIES
    assert len(indexed.indexed + indexed.others) == MAX_TERMS


@given(st.text(max_size=60))
def test_folded_text_stays_the_same(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=200))
def test_any_text_can_be_indexed(text: str) -> None:
    everything: dict[str, Any] = dict.fromkeys(("numbers", "codes", "emails", "phones", "names", "addresses"), (text,))
    indexed = index_terms(SearchText(text, **everything))
    assert all(indexed.indexed)
    assert not set(indexed.indexed) & set(indexed.others)
    assert all(len(term.encode()) <= 160 for term in indexed.indexed)


@given(st.text(max_size=100))
def test_any_text_can_be_searched(text: str) -> None:
    search = parse_query(text)
    assert search is None or (search.key in search.terms and all(search.terms))


WORDS = st.text("abcdefgäöüßøłéñ", min_size=1, max_size=10)


@given(st.lists(WORDS, min_size=1, max_size=5), st.data())
def test_record_is_found_by_the_beginning_of_any_of_its_words(words: list[str], data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(words))
    beginning = word[: data.draw(st.integers(1, len(word)))]
    assert is_found(SearchText("", names=(" ".join(words),)), beginning.upper() if beginning != "ß" else beginning)


@given(st.integers(2_000_000, 9_999_999), st.integers(200, 999), st.sampled_from(["-", " ", ".", ""]))
def test_phone_is_found_by_its_last_digits_in_any_format(number: int, area: int, separator: str) -> None:
    text, digits = SearchText("", phones=(f"+1{area}{number}",)), str(number)
    assert is_found(text, f"{digits[:3]}{separator}{digits[3:]}")
    assert is_found(text, f"({area}) {digits[:3]}{separator}{digits[3:]}")
    assert is_found(text, f"+1{separator}{area}{separator}{digits}")


@given(st.text(max_size=40))
def test_terms_have_no_separators_of_keys(text: str) -> None:
    assert not set("#% ") & set("".join(split_terms(text)))
