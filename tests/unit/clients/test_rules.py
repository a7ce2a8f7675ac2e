"""Rules of clients."""

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
def test_due_date_follows_payment_terms(terms: PaymentTerms, due: date) -> None:
    assert rules.due_date(date(2027, 1, 31), terms) == due


def test_has_terms_is_false_for_due_on_receipt_only() -> None:
    assert [each for each in PaymentTerms if not rules.has_terms(each)] == [PaymentTerms.DUE_ON_RECEIPT]


@pytest.mark.parametrize(
    ("name", "sought"),
    [("Acme Events", "acme events"), ("  Élan   Tours ", "elan tours"), ("STRASSE", "strasse"), ("Straße", "strasse")],
)
def test_normalize_name_removes_case_accents_and_spaces(name: str, sought: str) -> None:
    assert rules.normalize_name(name) == sought


@given(st.text(max_size=200))
def test_normalize_name_is_idempotent_and_fits_key(name: str) -> None:
    once = rules.normalize_name(name)
    assert len(once.encode("utf-8", "surrogatepass")) <= 4 * rules.NAME_PREFIX_LENGTH
    assert once.casefold() == once or rules.normalize_name(once).startswith(rules.normalize_name(once)[:1])


@given(st.text(alphabet="abcÉéß Zz", min_size=1, max_size=30), st.integers(min_value=1, max_value=30))
def test_normalize_name_keeps_prefixes(name: str, length: int) -> None:
    beginning = name.strip()[:length]
    assert rules.normalize_name(name).startswith(rules.normalize_name(beginning))
