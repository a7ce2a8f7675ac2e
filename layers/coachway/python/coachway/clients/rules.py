"""Rules of clients: payment terms, credit, and how names are searched."""

import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final


class PaymentTerms(StrEnum):
    """When an invoice is due."""

    DUE_ON_RECEIPT = "due_on_receipt"
    NET_15 = "net_15"
    NET_30 = "net_30"
    NET_45 = "net_45"
    NET_60 = "net_60"


TERM_DAYS: Final[Mapping[PaymentTerms, int]] = {
    PaymentTerms.DUE_ON_RECEIPT: 0,
    PaymentTerms.NET_15: 15,
    PaymentTerms.NET_30: 30,
    PaymentTerms.NET_45: 45,
    PaymentTerms.NET_60: 60,
}

NAME_PREFIX_LENGTH: Final = 100
"""The length of indexed names: a sort key has at most 1,024 bytes."""


def due_date(issued_on: date, terms: PaymentTerms) -> date:
    """The due date of an invoice issued on `issued_on`."""
    return issued_on + timedelta(days=TERM_DAYS[terms])


def has_terms(terms: PaymentTerms) -> bool:
    """Whether a client is invoiced after the trip instead of paying before it."""
    return terms is not PaymentTerms.DUE_ON_RECEIPT


def available_credit(limit: int, open_balance: int) -> int:
    """The credit left in cents; negative if the balance exceeds the limit."""
    return limit - open_balance


def normalize_name(name: str) -> str:
    """Normalize a name for searching: lower case, without accents and extra spaces."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(letters.split())[:NAME_PREFIX_LENGTH]
