"""What is true of clients whatever the table says."""

from __future__ import annotations

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
"""How much of a name is looked up: a sort key has 1,024 bytes at most."""


def due_date(issued: date, terms: PaymentTerms) -> date:
    """The last day on which an invoice issued on `issued` is paid in time."""
    return issued + timedelta(days=TERM_DAYS[terms])


def has_terms(terms: PaymentTerms) -> bool:
    """Whether a client is invoiced when the work is done, rather than paying before it."""
    return terms is not PaymentTerms.DUE_ON_RECEIPT


def available_credit(limit: int, open_balance: int) -> int:
    """Cents that may still be owed; negative when more is owed than the limit allows now."""
    return limit - open_balance


def normalize_name(name: str) -> str:
    """A name as it is looked up: without case, accents, and needless spaces."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(bare.split())[:NAME_PREFIX_LENGTH]
