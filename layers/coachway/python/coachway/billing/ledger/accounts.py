"""The chart of accounts, and what a balanced movement of money is. Pure.

A posting's `amount` is positive for a debit and negative for a credit, so that a movement's postings, and with them all
postings ever made, add up to zero. What an account's balance says:

| account | positive (debit) | negative (credit) |
|---|---|---|
| accounts_receivable | clients owe us | we owe clients |
| cash | we have it | we have overdrawn it |
| customer_deposits | - | what clients paid before they were invoiced |
| revenue | - | what we earned, without tax |
| tax_payable | - | tax charged, not handed on yet |
| accounts_payable | vendors owe us | we owe vendors |
| cost_of_service | what vendors' work cost | - |
| refunds | what was given back of revenue | - |
| fees | what taking payments cost | - |
| disputed_payments | what banks keep until they have decided a dispute | - |

A client's balance is what its postings to accounts_receivable and customer_deposits add up to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, Protocol

from pydantic import Field, model_validator

from coachway.core.schemas import BaseSchema
from coachway.core.types.money import Amount


class Account(StrEnum):
    """Where money is, or what it was for."""

    RECEIVABLE = "accounts_receivable"
    CASH = "cash"
    DEPOSITS = "customer_deposits"
    REVENUE = "revenue"
    TAX = "tax_payable"
    PAYABLE = "accounts_payable"
    COST = "cost_of_service"
    REFUNDS = "refunds"
    FEES = "fees"
    DISPUTED = "disputed_payments"


OF_CLIENTS: Final = frozenset({Account.RECEIVABLE, Account.DEPOSITS})
"""Accounts kept for each client: every posting to them names one."""
OF_VENDORS: Final = frozenset({Account.PAYABLE, Account.COST})
"""Accounts kept for each vendor."""


class Kind(StrEnum):
    """What happened."""

    INVOICE_ISSUED = "invoice_issued"
    INVOICE_VOIDED = "invoice_voided"
    DEPOSIT_RECEIVED = "deposit_received"
    DEPOSIT_REFUNDED = "deposit_refunded"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_REVERSED = "payment_reversed"
    PAYMENT_REFUNDED = "payment_refunded"
    CANCELLATION_FEE = "cancellation_fee"
    COST_INCURRED = "cost_incurred"
    COST_REVERSED = "cost_reversed"
    PAYOUT_MADE = "payout_made"
    FEE_PAID = "fee_paid"
    REFUND_BOUNCED = "refund_bounced"
    DISPUTE_WITHHELD = "dispute_withheld"
    DISPUTE_RELEASED = "dispute_released"


class Posting(BaseSchema):
    """One line of a movement: a debit is positive, a credit negative."""

    account: Account
    amount: Amount
    client_id: str | None = None
    vendor_id: str | None = None
    charter_id: str | None = None
    invoice_id: str | None = None


class Unbalanced(ValueError):
    """Debits and credits differ: a mistake in the code, which no caller can make."""


class Movement(BaseSchema):
    """Money that moves, as the rules say it: balanced, not empty, and with an owner where an account is somebody's.

    `memo` says what happened in words and numbers that carry no name of a person.
    """

    kind: Kind
    currency: str
    memo: str
    postings: list[Posting] = Field(min_length=2)

    @model_validator(mode="after")
    def _balanced(self) -> Movement:
        require_balanced(self.postings)
        return self

    @property
    def client_id(self) -> str | None:
        """The client whose movement it is, if it is one's."""
        return next((each.client_id for each in self.postings if each.client_id), None)

    @property
    def vendor_id(self) -> str | None:
        """The vendor whose movement it is, if it is one's."""
        return next((each.vendor_id for each in self.postings if each.vendor_id), None)


class Booked(Protocol):
    """A movement, or the journal's entry of one."""

    postings: list[Posting]


def require_balanced(postings: Iterable[Posting]) -> None:
    """Raises Unbalanced unless the postings add up to zero, none is zero, and each names whose it is where it must."""
    lines = list(postings)
    difference = sum(line.amount for line in lines)
    if difference != 0:
        raise Unbalanced(f"debits and credits differ by {difference} cents")
    for line in lines:
        if line.amount == 0:
            raise Unbalanced(f"nothing is posted to {line.account}")
        if line.account in OF_CLIENTS and line.client_id is None:
            raise Unbalanced(f"{line.account} is kept for each client")
        if line.account in OF_VENDORS and line.vendor_id is None:
            raise Unbalanced(f"{line.account} is kept for each vendor")


def totals(movements: Iterable[Booked]) -> dict[Account, int]:
    """What each account adds up to, in cents."""
    result: dict[Account, int] = dict.fromkeys(Account, 0)
    for movement in movements:
        for line in movement.postings:
            result[line.account] += line.amount
    return result


def client_balances(movements: Iterable[Booked]) -> Mapping[str, int]:
    """What each client owes, in cents: its receivables less what it paid ahead. Negative: we owe it."""
    result: dict[str, int] = {}
    for movement in movements:
        for line in movement.postings:
            if line.account in OF_CLIENTS and line.client_id is not None:
                result[line.client_id] = result.get(line.client_id, 0) + line.amount
    return result
