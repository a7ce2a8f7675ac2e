"""How each thing that happens is booked: one builder each. Pure; cents in, a balanced movement out.

| what happens | debit | credit |
|---|---|---|
| an invoice of 726.50 is issued, of it 26.50 tax | accounts_receivable 726.50 | revenue 700.00, tax_payable 26.50 |
| … of which 200.00 were paid ahead | accounts_receivable 526.50, | revenue 700.00, tax_payable 26.50 |
| | customer_deposits 200.00 | |
| it is voided | the same the other way round | |
| a client pays 181.63 ahead | cash 181.63 | customer_deposits 181.63 |
| … and gets 100.00 of it back | customer_deposits 100.00 | cash 100.00 |
| … and we keep 81.63, as it cancelled late | customer_deposits 81.63 | revenue 81.63 |
| a client pays 526.50 of an invoice | cash 526.50 | accounts_receivable 526.50 |
| … and its cheque comes back | accounts_receivable 526.50 | cash 526.50 |
| … or we give 100.00 of it back | refunds 100.00 | cash 100.00 |
| it is voided when 526.50 of it are paid | revenue 700.00, tax_payable 26.50 | customer_deposits 526.50, |
| | | accounts_receivable 200.00 |
| some of what we kept is given back after all | refunds 40.00 | cash 40.00 |
| a vendor wins a trip for 1,250.00 | cost_of_service 1,250.00 | accounts_payable 1,250.00 |
| … and is paid | accounts_payable 1,250.00 | cash 1,250.00 |
| Stripe keeps 5.57 | fees 5.57 | cash 5.57 |
| a refund did not arrive | the same as when it was given back, the other way round | |
| a bank withholds 181.63, as its payer disputes that | disputed_payments 181.63 | cash 181.63 |
| … and decides for us | cash 181.63 | disputed_payments 181.63 |
| … or for the payer | the same, and then as a refund | |

Giving money back lowers what was earned, and does not open the invoice again: a client's balance is its invoices, less
what was given back on them, less its payments, plus its refunds.
"""

from __future__ import annotations

from coachway.billing.ledger.accounts import Account, Kind, Movement, Posting


def invoice_issued(
    *,
    client_id: str,
    invoice_id: str,
    number: str,
    net: int,
    tax: int,
    paid_ahead: int = 0,
    currency: str,
    charter_id: str | None = None,
) -> Movement:
    """A client owes `net` and `tax`, less what of it was paid ahead, which becomes earned."""
    about = {"client_id": client_id, "invoice_id": invoice_id, "charter_id": charter_id}
    lines = _lines(
        Posting(account=Account.RECEIVABLE, amount=net + tax - paid_ahead, **about),
        Posting(account=Account.REVENUE, amount=-net, **about),
        Posting(account=Account.TAX, amount=-tax, **about),
        Posting(account=Account.DEPOSITS, amount=paid_ahead, **about),
    )
    return Movement(kind=Kind.INVOICE_ISSUED, currency=currency, memo=f"Invoice {number}", postings=lines)


def _lines(*postings: Posting) -> list[Posting]:
    return [each for each in postings if each.amount]


def deposit_received(*, client_id: str, charter_id: str | None, cents: int, currency: str, memo: str) -> Movement:
    """A client pays before it is invoiced."""
    return _two(
        Kind.DEPOSIT_RECEIVED,
        currency,
        memo,
        Posting(account=Account.CASH, amount=cents, client_id=client_id, charter_id=charter_id),
        Posting(account=Account.DEPOSITS, amount=-cents, client_id=client_id, charter_id=charter_id),
    )


def deposit_refunded(*, client_id: str, charter_id: str | None, cents: int, currency: str, memo: str) -> Movement:
    """A client gets back what it paid ahead."""
    return _two(
        Kind.DEPOSIT_REFUNDED,
        currency,
        memo,
        Posting(account=Account.DEPOSITS, amount=cents, client_id=client_id, charter_id=charter_id),
        Posting(account=Account.CASH, amount=-cents, client_id=client_id, charter_id=charter_id),
    )


def cancellation_fee(*, client_id: str, charter_id: str, cents: int, currency: str, memo: str) -> Movement:
    """What a client that cancels late does not get back is earned."""
    return _two(
        Kind.CANCELLATION_FEE,
        currency,
        memo,
        Posting(account=Account.DEPOSITS, amount=cents, client_id=client_id, charter_id=charter_id),
        Posting(account=Account.REVENUE, amount=-cents, client_id=client_id, charter_id=charter_id),
    )


def fee_refunded(*, client_id: str, charter_id: str | None, cents: int, currency: str, memo: str) -> Movement:
    """A client gets back, after all, something of what was kept when it cancelled."""
    return _two(
        Kind.PAYMENT_REFUNDED,
        currency,
        memo,
        Posting(account=Account.REFUNDS, amount=cents, client_id=client_id, charter_id=charter_id),
        Posting(account=Account.CASH, amount=-cents, client_id=client_id, charter_id=charter_id),
    )


def invoice_voided(
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
    """It is not owed: nothing was earned, and what was paid on it is a deposit again.

    Of `paid`, `refunded` were given back before, and of that `tax_refunded` as tax.
    """
    about = {"client_id": client_id, "invoice_id": invoice_id, "charter_id": charter_id}
    lines = _lines(
        Posting(account=Account.RECEIVABLE, amount=paid - net - tax, **about),
        Posting(account=Account.REVENUE, amount=net, **about),
        Posting(account=Account.TAX, amount=tax - tax_refunded, **about),
        Posting(account=Account.REFUNDS, amount=tax_refunded - refunded, **about),
        Posting(account=Account.DEPOSITS, amount=refunded - paid, **about),
    )
    return Movement(kind=Kind.INVOICE_VOIDED, currency=currency, memo=f"Invoice {number} voided", postings=lines)


def payment_received(
    *, client_id: str, invoice_id: str, cents: int, currency: str, memo: str, charter_id: str | None = None
) -> Movement:
    """A client pays an invoice, or a part of it."""
    about = {"client_id": client_id, "invoice_id": invoice_id, "charter_id": charter_id}
    return _two(
        Kind.PAYMENT_RECEIVED,
        currency,
        memo,
        Posting(account=Account.CASH, amount=cents, **about),
        Posting(account=Account.RECEIVABLE, amount=-cents, **about),
    )


def payment_reversed(
    *, client_id: str, invoice_id: str, cents: int, currency: str, memo: str, charter_id: str | None = None
) -> Movement:
    """A payment of an invoice turned out to be none: the client owes it again."""
    about = {"client_id": client_id, "invoice_id": invoice_id, "charter_id": charter_id}
    return _two(
        Kind.PAYMENT_REVERSED,
        currency,
        memo,
        Posting(account=Account.RECEIVABLE, amount=cents, **about),
        Posting(account=Account.CASH, amount=-cents, **about),
    )


def payment_refunded(
    *,
    client_id: str,
    invoice_id: str,
    cents: int,
    tax: int = 0,
    currency: str,
    memo: str,
    charter_id: str | None = None,
) -> Movement:
    """A client gets `cents` back of what it paid on an invoice; `tax` of it is not owed to the state any more."""
    about = {"client_id": client_id, "invoice_id": invoice_id, "charter_id": charter_id}
    lines = _lines(
        Posting(account=Account.REFUNDS, amount=cents - tax, **about),
        Posting(account=Account.TAX, amount=tax, **about),
        Posting(account=Account.CASH, amount=-cents, **about),
    )
    return Movement(kind=Kind.PAYMENT_REFUNDED, currency=currency, memo=memo, postings=lines)


def cost_incurred(*, vendor_id: str, charter_id: str | None, cents: int, currency: str, memo: str) -> Movement:
    """A vendor was awarded a trip, and is owed its price."""
    return _two(
        Kind.COST_INCURRED,
        currency,
        memo,
        Posting(account=Account.COST, amount=cents, vendor_id=vendor_id, charter_id=charter_id),
        Posting(account=Account.PAYABLE, amount=-cents, vendor_id=vendor_id, charter_id=charter_id),
    )


def cost_reversed(*, vendor_id: str, charter_id: str | None, cents: int, currency: str, memo: str) -> Movement:
    """A vendor is not owed it any more: the trip does not take place, or is somebody else's."""
    return _two(
        Kind.COST_REVERSED,
        currency,
        memo,
        Posting(account=Account.PAYABLE, amount=cents, vendor_id=vendor_id, charter_id=charter_id),
        Posting(account=Account.COST, amount=-cents, vendor_id=vendor_id, charter_id=charter_id),
    )


def payout_made(*, vendor_id: str, charter_id: str | None, cents: int, currency: str, memo: str) -> Movement:
    """A vendor was paid."""
    return _two(
        Kind.PAYOUT_MADE,
        currency,
        memo,
        Posting(account=Account.PAYABLE, amount=cents, vendor_id=vendor_id, charter_id=charter_id),
        Posting(account=Account.CASH, amount=-cents, vendor_id=vendor_id, charter_id=charter_id),
    )


def fee_paid(*, cents: int, currency: str, memo: str) -> Movement:
    """What taking a payment cost."""
    return _two(
        Kind.FEE_PAID,
        currency,
        memo,
        Posting(account=Account.FEES, amount=cents),
        Posting(account=Account.CASH, amount=-cents),
    )


def reversal_of(movement: Movement) -> Movement:
    """A refund that did not arrive: what giving it back had moved moves back."""
    back = [line.model_copy(update={"amount": -line.amount}) for line in movement.postings]
    return movement.model_copy(update={"kind": Kind.REFUND_BOUNCED, "postings": back})


def dispute_hold(
    *, client_id: str, invoice_id: str | None, charter_id: str | None, cents: int, currency: str, memo: str
) -> Movement:
    """A bank keeps `cents` of a disputed payment until it has decided; negative: it lets go of them."""
    about = {"client_id": client_id, "invoice_id": invoice_id, "charter_id": charter_id}
    return _two(
        Kind.DISPUTE_WITHHELD if cents > 0 else Kind.DISPUTE_RELEASED,
        currency,
        memo,
        Posting(account=Account.DISPUTED, amount=cents, **about),
        Posting(account=Account.CASH, amount=-cents, **about),
    )


def _two(kind: Kind, currency: str, memo: str, debit: Posting, credit: Posting) -> Movement:
    return Movement(kind=kind, currency=currency, memo=memo, postings=[debit, credit])
