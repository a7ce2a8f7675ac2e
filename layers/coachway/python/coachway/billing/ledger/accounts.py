"""The chart of accounts, and balanced movements of money between them. Pure.

A posting's `amount` is positive for a debit and negative for a credit, so the postings of a movement, and of the whole
ledger, add up to zero. What an account's balance means:

| account | positive (debit) | negative (credit) |
|---|---|---|
| accounts_receivable | clients owe us | we owe clients |
| cash | funds on hand | overdraft |
| customer_deposits | - | payments received before an invoice |
| revenue | - | revenue, without tax |
| tax_payable | - | tax charged and not remitted yet |
| accounts_payable | vendors owe us | we owe vendors |
| cost_of_service | cost of vendors' services | - |
| refunds | revenue refunded | - |
| fees | payment processing fees | - |
| disputed_payments | funds withheld by banks during disputes | - |

A client's balance is the sum of its postings to accounts_receivable and customer_deposits.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Self

from pydantic import Field, model_validator

from coachway.core.schemas import BaseSchema
from coachway.core.types.money import StoredAmount


class LedgerAccount(StrEnum):
    """An account of the ledger."""

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


CLIENT_ACCOUNTS: Final = frozenset({LedgerAccount.RECEIVABLE, LedgerAccount.DEPOSITS})
"""Accounts kept per client: each posting to them has a client."""
VENDOR_ACCOUNTS: Final = frozenset({LedgerAccount.PAYABLE, LedgerAccount.COST})
"""Accounts kept per vendor: each posting to them has a vendor."""


class MovementKind(StrEnum):
    """The cause of a journal entry."""

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
    """One line of a journal entry. A debit is positive, a credit negative."""

    account: LedgerAccount
    amount: StoredAmount
    client_id: str | None = None
    vendor_id: str | None = None
    charter_id: str | None = None
    invoice_id: str | None = None


class Unbalanced(ValueError):
    """Debits and credits differ, or a posting lacks its client or vendor: a bug, not an invalid request."""


class Movement(BaseSchema):
    """A balanced movement of money, not yet in the journal. `memo` describes it without personal data."""

    kind: MovementKind
    currency: str
    memo: str
    postings: list[Posting] = Field(min_length=2)

    @model_validator(mode="after")
    def _check_balance(self) -> Self:
        require_balanced(self.postings)
        return self

    @property
    def client_id(self) -> str | None:
        """The client of the movement, if it has one."""
        return next((posting.client_id for posting in self.postings if posting.client_id), None)

    @property
    def vendor_id(self) -> str | None:
        """The vendor of the movement, if it has one."""
        return next((posting.vendor_id for posting in self.postings if posting.vendor_id), None)


def require_balanced(postings: Iterable[Posting]) -> None:
    """Raise Unbalanced unless the postings add up to zero, none is zero, and each names its client or vendor."""
    all_postings = list(postings)
    difference = sum(posting.amount for posting in all_postings)
    if difference != 0:
        raise Unbalanced(f"debits and credits differ by {difference} cents")
    for posting in all_postings:
        if posting.amount == 0:
            raise Unbalanced(f"a posting to {posting.account} is zero")
        if posting.account in CLIENT_ACCOUNTS and posting.client_id is None:
            raise Unbalanced(f"a posting to {posting.account} needs a client_id")
        if posting.account in VENDOR_ACCOUNTS and posting.vendor_id is None:
            raise Unbalanced(f"a posting to {posting.account} needs a vendor_id")
