"""Requests that a page builds accept all input that the form of the page accepts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from coachway.billing.payments.model import PaymentInput
from coachway.bookings.quotes.pages import AcceptForm, DeclineQuoteForm
from coachway.bookings.quotes.responses import AcceptQuoteInput, DeclineInput
from coachway.core.documents import card_form
from coachway.core.documents.card_form import CardForm

CHARTER_ID = "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=210),
    st.text("ab \t\r\n\x1c\x7f\x85\u2028\u200b\u202e\u2067\u3164e\u0301", max_size=12),
    st.sampled_from(["x" * 200, "e\u0301" * 150, "\U0001f68c" * 200]),
)


def build_acceptance(form: Any) -> BaseModel | None:
    name = form.accepted_by.strip()
    return AcceptQuoteInput(revision_number=form.revision_number, accepted_by=" ".join(name.split())) if name else None


def build_decline(form: Any) -> BaseModel | None:
    return DeclineInput(revision_number=form.revision_number, reason=form.reason.strip())


def build_payment(form: Any) -> BaseModel | None:
    amount = card_form.cents(form.amount)
    method = form.payment_method_id
    return (
        PaymentInput(charter_id=CHARTER_ID, amount=amount, payment_method_id=method) if amount > 0 and method else None
    )


@pytest.mark.parametrize(
    ("form", "text_field", "fields", "build"),
    [
        (AcceptForm, "accepted_by", {"revision_number": 1_000_000}, build_acceptance),
        (DeclineQuoteForm, "reason", {"revision_number": 1}, build_decline),
        (CardForm, "payment_method_id", {"amount": "999999999.99", "paid": "0"}, build_payment),
    ],
)
@settings(max_examples=100, deadline=None)
@given(text=TEXTS | st.sampled_from(["pm_card_visa", "pm_" + "a" * 100]))
def test_form_that_is_accepted_makes_a_valid_request(
    form: type[BaseModel], text_field: str, fields: dict[str, Any], build: Callable[[Any], BaseModel | None], text: str
) -> None:
    try:
        accepted = form.model_validate({**fields, text_field: text})
    except ValidationError:
        return  # refused by the outer type
    build(accepted)
