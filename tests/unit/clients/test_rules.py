"""What is true of clients whatever the table says."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.clients import rules
from coachway.clients.rules import PaymentTerms


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        (PaymentTerms.DUE_ON_RECEIPT, date(2027, 1, 31)),
        (PaymentTerms.NET_15, date(2027, 2, 15)),
        (PaymentTerms.NET_30, date(2027, 3, 2)),
        (PaymentTerms.NET_45, date(2027, 3, 17)),
        (PaymentTerms.NET_60, date(2027, 4, 1)),
    ],
)
def test_an_invoice_is_due_when_the_terms_say(terms: PaymentTerms, due: date) -> None:
    assert rules.due_date(date(2027, 1, 31), terms) == due


def test_only_due_on_receipt_is_no_credit() -> None:
    assert [each for each in PaymentTerms if not rules.has_terms(each)] == [PaymentTerms.DUE_ON_RECEIPT]


@pytest.mark.parametrize(
    ("name", "sought"),
    [("Acme Events", "acme events"), ("  Élan   Tours ", "elan tours"), ("STRASSE", "strasse"), ("Straße", "strasse")],
)
def test_a_name_is_looked_up_without_case_accents_and_spaces(name: str, sought: str) -> None:
    assert rules.normalize_name(name) == sought


@given(st.text(max_size=200))
def test_a_folded_name_stays_as_it_is_and_fits_a_key(name: str) -> None:
    once = rules.normalize_name(name)
    assert len(once.encode("utf-8", "surrogatepass")) <= 4 * rules.NAME_PREFIX_LENGTH
    assert once.casefold() == once or rules.normalize_name(once).startswith(rules.normalize_name(once)[:1])


@given(st.text(alphabet="abcÉéß Zz", min_size=1, max_size=30), st.integers(min_value=1, max_value=30))
def test_the_beginning_of_a_name_finds_it(name: str, length: int) -> None:
    beginning = name.strip()[:length]
    assert rules.normalize_name(name).startswith(rules.normalize_name(beginning))
