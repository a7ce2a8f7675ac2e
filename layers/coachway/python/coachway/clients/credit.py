"""What clients owe. The balance is numbers of its own, so that many bookings can move it without a lost race.

`open` is everything: invoices that are not paid yet, and trips that were booked on credit and are not invoiced yet;
`booked` is the latter alone. A trip is counted once: issuing its invoice takes it out of `booked`, and `open` changes
by the difference between the two only. The limit is what `open` may come to when a trip is booked; work that was done
is invoiced whatever the limit. A client whose limit is 0 has none agreed: it is counted, and nothing is refused.
"""

from __future__ import annotations

from coachway.clients import rules
from coachway.clients.errors import ClientHasOpenBalance, CreditLimitExceeded
from coachway.clients.model import CREDIT, Client, Credit
from coachway.core import errors, store
from coachway.core.persistence.operations import CheckVersion, IncrementCounters, Op
from coachway.core.persistence.records import Key

_KIND = "client_credit"


def _key(org_id: str, client_id: str) -> Key:
    return CREDIT.key(org=org_id, client=client_id)


def get_credit(client: Client) -> Credit:
    """What `client` may still owe."""
    numbers = store.get_counters(_key(client.org_id, client.id))
    balance = numbers.get("open", 0)
    return Credit(
        client_id=client.id,
        payment_terms=client.payment_terms,
        credit_limit=client.credit_limit,
        open_balance=balance,
        booked_balance=numbers.get("booked", 0),
        available_credit=rules.available_credit(client.credit_limit, balance),
        currency=client.currency,
    )


def reserve_ops(client: Client, cents: int) -> list[Op]:
    """The ops by which `client` books a trip on credit, for the transaction that books it.

    They fail with Conflict past the credit limit, and with LostRace if the client, and so perhaps its limit, was
    changed meanwhile.
    """
    exceeded = CreditLimitExceeded(
        f"The credit limit is {client.credit_limit / 100:.2f} {client.currency}. Raise it, or take a payment first."
    )
    most = {"open": client.credit_limit} if client.credit_limit else {}
    return [
        CheckVersion(client, errors.ConcurrentUpdate("the client was changed by somebody else: try again")),
        IncrementCounters(
            _key(client.org_id, client.id), {"open": cents, "booked": cents}, _KIND, at_most=most, otherwise=exceeded
        ),
    ]


def release_op(org_id: str, client_id: str, cents: int) -> Op:
    """The op by which a trip that was booked on credit does not take place."""
    return IncrementCounters(_key(org_id, client_id), {"open": -cents, "booked": -cents}, _KIND)


def invoice_op(org_id: str, client_id: str, cents: int, *, booked: int = 0) -> Op:
    """The op by which a client owes `cents` on an invoice, of trips that were booked on credit for `booked`.

    With both negative it is the op that takes an invoice back.
    """
    return IncrementCounters(_key(org_id, client_id), {"open": cents - booked, "booked": -booked}, _KIND)


def settle_op(org_id: str, client_id: str, cents: int) -> Op:
    """The op by which a client owes `cents` less. It fails with Conflict when that is more than is owed."""
    less = errors.Conflict("that is more than the client owes")
    return IncrementCounters(_key(org_id, client_id), {"open": -cents}, _KIND, at_least={"open": 0}, otherwise=less)


def require_zero_balance(client: Client) -> Op:
    """The op that fails with Conflict while `client` owes something."""
    open_balance = ClientHasOpenBalance("The client has an open balance. Settle or void its invoices first.")
    return IncrementCounters(
        _key(client.org_id, client.id), {"open": 0}, _KIND, at_most={"open": 0}, otherwise=open_balance
    )
