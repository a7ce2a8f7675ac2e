"""Build balanced movements, one function for each cause. Pure: amounts in cents.

| cause | debit | credit |
|---|---|---|
| an invoice of 726.50 (26.50 tax) is issued | accounts_receivable 726.50 | revenue 700.00, tax_payable 26.50 |
| … with a deposit of 200.00 applied | accounts_receivable 526.50, | revenue 700.00, tax_payable 26.50 |
| | customer_deposits 200.00 | |
| the invoice is voided | the reverse | |
| a client pays a deposit of 181.63 | cash 181.63 | customer_deposits 181.63 |
| … 100.00 of it is refunded | customer_deposits 100.00 | cash 100.00 |
| … 81.63 of it is kept as a cancellation fee | customer_deposits 81.63 | revenue 81.63 |
| a client pays 526.50 of an invoice | cash 526.50 | accounts_receivable 526.50 |
| … the check bounces | accounts_receivable 526.50 | cash 526.50 |
| … 100.00 of it is refunded | refunds 100.00 | cash 100.00 |
| the invoice is voided after 526.50 was paid | revenue 700.00, tax_payable 26.50 | customer_deposits 526.50, |
| | | accounts_receivable 200.00 |
| 40.00 of a cancellation fee is refunded | refunds 40.00 | cash 40.00 |
| a vendor is awarded a trip for 1,250.00 | cost_of_service 1,250.00 | accounts_payable 1,250.00 |
| … the vendor is paid | accounts_payable 1,250.00 | cash 1,250.00 |
| Stripe charges a fee of 5.57 | fees 5.57 | cash 5.57 |
| a refund is returned by the bank | the reverse of the refund | |
| a bank withholds 181.63 for a dispute | disputed_payments 181.63 | cash 181.63 |
| … the dispute is won | cash 181.63 | disputed_payments 181.63 |
| … the dispute is lost | the same, then as a refund | |

A refund lowers revenue and does not reopen the invoice. A client's balance is its invoices, less refunds on them, less
its payments, plus its refunds.
"""

from coachway.billing.ledger.accounts import LedgerAccount, Movement, MovementKind, Posting


def build_invoice_issued(
    *,
    client_id: str,
    invoice_id: str,
    number: str,
    net: int,
    tax: int,
    paid_in_advance: int = 0,
    currency: str,
    charter_id: str | None = None,
) -> Movement:
    """Build the movement of an issued invoice: the client owes `net` plus `tax`, less the deposits."""
    references = {"client_id": client_id, "invoice_id": invoice_id, "charter_id": charter_id}
    postings = _drop_zero_postings(
        Posting(account=LedgerAccount.RECEIVABLE, amount=net + tax - paid_in_advance, **references),
        Posting(account=LedgerAccount.REVENUE, amount=-net, **references),
        Posting(account=LedgerAccount.TAX, amount=-tax, **references),
        Posting(account=LedgerAccount.DEPOSITS, amount=paid_in_advance, **references),
    )
    return Movement(kind=MovementKind.INVOICE_ISSUED, currency=currency, memo=f"Invoice {number}", postings=postings)


def _drop_zero_postings(*postings: Posting) -> list[Posting]:
    return [posting for posting in postings if posting.amount]


def build_deposit_received(*, client_id: str, charter_id: str | None, cents: int, currency: str, memo: str) -> Movement:
    """Build the movement of a payment that a client makes before it is invoiced."""
    return _build_movement(
        MovementKind.DEPOSIT_RECEIVED,
        currency,
        memo,
        Posting(account=LedgerAccount.CASH, amount=cents, client_id=client_id, charter_id=charter_id),
        Posting(account=LedgerAccount.DEPOSITS, amount=-cents, client_id=client_id, charter_id=charter_id),
    )


def build_deposit_refunded(*, client_id: str, charter_id: str | None, cents: int, currency: str, memo: str) -> Movement:
    """Build the movement of a refunded deposit."""
    return _build_movement(
        MovementKind.DEPOSIT_REFUNDED,
        currency,
        memo,
        Posting(account=LedgerAccount.DEPOSITS, amount=cents, client_id=client_id, charter_id=charter_id),
        Posting(account=LedgerAccount.CASH, amount=-cents, client_id=client_id, charter_id=charter_id),
    )


def build_cancellation_fee(*, client_id: str, charter_id: str, cents: int, currency: str, memo: str) -> Movement:
    """Build the movement of a deposit, or a part of it, that is kept as a cancellation fee."""
    return _build_movement(
        MovementKind.CANCELLATION_FEE,
        currency,
        memo,
        Posting(account=LedgerAccount.DEPOSITS, amount=cents, client_id=client_id, charter_id=charter_id),
        Posting(account=LedgerAccount.REVENUE, amount=-cents, client_id=client_id, charter_id=charter_id),
    )


def build_fee_refunded(*, client_id: str, charter_id: str | None, cents: int, currency: str, memo: str) -> Movement:
    """Build the movement of a cancellation fee, or a part of it, that is refunded."""
    return _build_movement(
        MovementKind.PAYMENT_REFUNDED,
        currency,
        memo,
        Posting(account=LedgerAccount.REFUNDS, amount=cents, client_id=client_id, charter_id=charter_id),
        Posting(account=LedgerAccount.CASH, amount=-cents, client_id=client_id, charter_id=charter_id),
    )


def build_invoice_voided(
    *,
    client_id: str,
    invoice_id: str,
    number: str,
    net: int,
    tax: int,
    paid: int = 0,
    refunded: int = 0,
    tax_refunded: int = 0,
    currency: str,
    charter_id: str | None = None,
) -> Movement:
    """Build the movement of a voided invoice: revenue is reversed, and payments on it become deposits.

    Of `paid`, `refunded` cents were refunded before, of which `tax_refunded` were tax.
    """
    references = {"client_id": client_id, "invoice_id": invoice_id, "charter_id": charter_id}
    postings = _drop_zero_postings(
        Posting(account=LedgerAccount.RECEIVABLE, amount=paid - net - tax, **references),
        Posting(account=LedgerAccount.REVENUE, amount=net, **references),
        Posting(account=LedgerAccount.TAX, amount=tax - tax_refunded, **references),
        Posting(account=LedgerAccount.REFUNDS, amount=tax_refunded - refunded, **references),
        Posting(account=LedgerAccount.DEPOSITS, amount=refunded - paid, **references),
    )
    return Movement(
        kind=MovementKind.INVOICE_VOIDED, currency=currency, memo=f"Invoice {number} voided", postings=postings
    )


def build_payment_received(
    *, client_id: str, invoice_id: str, cents: int, currency: str, memo: str, charter_id: str | None = None
) -> Movement:
    """Build the movement of a payment of an invoice, or of a part of it."""
    references = {"client_id": client_id, "invoice_id": invoice_id, "charter_id": charter_id}
    return _build_movement(
        MovementKind.PAYMENT_RECEIVED,
        currency,
        memo,
        Posting(account=LedgerAccount.CASH, amount=cents, **references),
        Posting(account=LedgerAccount.RECEIVABLE, amount=-cents, **references),
    )


def build_payment_reversed(
    *, client_id: str, invoice_id: str, cents: int, currency: str, memo: str, charter_id: str | None = None
) -> Movement:
    """Build the movement of a reversed payment of an invoice: the client owes the amount again."""
    references = {"client_id": client_id, "invoice_id": invoice_id, "charter_id": charter_id}
    return _build_movement(
        MovementKind.PAYMENT_REVERSED,
        currency,
        memo,
        Posting(account=LedgerAccount.RECEIVABLE, amount=cents, **references),
        Posting(account=LedgerAccount.CASH, amount=-cents, **references),
    )


def build_payment_refunded(
    *,
    client_id: str,
    invoice_id: str,
    cents: int,
    tax: int = 0,
    currency: str,
    memo: str,
    charter_id: str | None = None,
) -> Movement:
    """Build the movement of a refunded payment of an invoice: `cents` in total, of which `tax` lowers tax_payable."""
    references = {"client_id": client_id, "invoice_id": invoice_id, "charter_id": charter_id}
    postings = _drop_zero_postings(
        Posting(account=LedgerAccount.REFUNDS, amount=cents - tax, **references),
        Posting(account=LedgerAccount.TAX, amount=tax, **references),
        Posting(account=LedgerAccount.CASH, amount=-cents, **references),
    )
    return Movement(kind=MovementKind.PAYMENT_REFUNDED, currency=currency, memo=memo, postings=postings)


def build_cost_incurred(*, vendor_id: str, charter_id: str | None, cents: int, currency: str, memo: str) -> Movement:
    """Build the movement of a trip awarded to a vendor: its price is payable."""
    return _build_movement(
        MovementKind.COST_INCURRED,
        currency,
        memo,
        Posting(account=LedgerAccount.COST, amount=cents, vendor_id=vendor_id, charter_id=charter_id),
        Posting(account=LedgerAccount.PAYABLE, amount=-cents, vendor_id=vendor_id, charter_id=charter_id),
    )


def build_cost_reversed(*, vendor_id: str, charter_id: str | None, cents: int, currency: str, memo: str) -> Movement:
    """Build the movement of a voided payable, for example after the trip was cancelled."""
    return _build_movement(
        MovementKind.COST_REVERSED,
        currency,
        memo,
        Posting(account=LedgerAccount.PAYABLE, amount=cents, vendor_id=vendor_id, charter_id=charter_id),
        Posting(account=LedgerAccount.COST, amount=-cents, vendor_id=vendor_id, charter_id=charter_id),
    )


def build_payout_made(*, vendor_id: str, charter_id: str | None, cents: int, currency: str, memo: str) -> Movement:
    """Build the movement of a payment to a vendor."""
    return _build_movement(
        MovementKind.PAYOUT_MADE,
        currency,
        memo,
        Posting(account=LedgerAccount.PAYABLE, amount=cents, vendor_id=vendor_id, charter_id=charter_id),
        Posting(account=LedgerAccount.CASH, amount=-cents, vendor_id=vendor_id, charter_id=charter_id),
    )


def build_fee_paid(*, cents: int, currency: str, memo: str) -> Movement:
    """Build the movement of a fee charged by the payment processor."""
    return _build_movement(
        MovementKind.FEE_PAID,
        currency,
        memo,
        Posting(account=LedgerAccount.FEES, amount=cents),
        Posting(account=LedgerAccount.CASH, amount=-cents),
    )


def build_refund_returned(movement: Movement) -> Movement:
    """Build the movement of a refund that the bank returned: the reverse of the refund's `movement`."""
    postings = [posting.model_copy(update={"amount": -posting.amount}) for posting in movement.postings]
    return movement.model_copy(update={"kind": MovementKind.REFUND_BOUNCED, "postings": postings})


def build_dispute_hold_changed(
    *, client_id: str, invoice_id: str | None, charter_id: str | None, cents: int, currency: str, memo: str
) -> Movement:
    """Build the movement of a disputed payment: the bank withholds `cents`, or releases them if negative."""
    references = {"client_id": client_id, "invoice_id": invoice_id, "charter_id": charter_id}
    return _build_movement(
        MovementKind.DISPUTE_WITHHELD if cents > 0 else MovementKind.DISPUTE_RELEASED,
        currency,
        memo,
        Posting(account=LedgerAccount.DISPUTED, amount=cents, **references),
        Posting(account=LedgerAccount.CASH, amount=-cents, **references),
    )


def _build_movement(kind: MovementKind, currency: str, memo: str, debit: Posting, credit: Posting) -> Movement:
    return Movement(kind=kind, currency=currency, memo=memo, postings=[debit, credit])
