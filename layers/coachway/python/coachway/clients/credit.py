"""What clients owe. The balance is a number of its own, so that many bookings can move it without a lost race."""

from __future__ import annotations

from coachway.clients import rules
from coachway.clients.model import CREDIT, Client, Credit
from coachway.core import errors, store
from coachway.core.model import Key
from coachway.core.ops import Add, Op, Require

_KIND = "client_credit"


def _key(client: Client) -> Key:
    return CREDIT.key(org=client.org_id, client=client.id)


def of(client: Client) -> Credit:
    """What `client` may still owe."""
    balance = store.numbers(_key(client)).get("open", 0)
    return Credit(
        client_id=client.id,
        payment_terms=client.payment_terms,
        credit_limit=client.credit_limit,
        open_balance=balance,
        available_credit=rules.available_credit(client.credit_limit, balance),
        currency=client.currency,
    )


def owed(client: Client, cents: int) -> list[Op]:
    """The ops by which `client` owes `cents` more, for the transaction that makes it so.

    They fail with Conflict past the credit limit, and with LostRace if the client, and so perhaps its limit, was
    changed meanwhile.
    """
    over = errors.Conflict(
        f"the credit limit is {client.credit_limit / 100:.2f} {client.currency}: raise it, or take a payment first",
        title="over the credit limit",
    )
    return [
        Require(client, errors.LostRace("the client was changed by somebody else: try again")),
        Add(_key(client), {"open": cents}, _KIND, at_most={"open": client.credit_limit}, otherwise=over),
    ]


def settled(client: Client, cents: int) -> Op:
    """The op by which `client` owes `cents` less. It fails with Conflict when that is more than is owed."""
    less = errors.Conflict("that is more than the client owes")
    return Add(_key(client), {"open": -cents}, _KIND, at_least={"open": 0}, otherwise=less)


def owes_nothing(client: Client) -> Op:
    """The op that fails with Conflict while `client` owes something."""
    owing = errors.Conflict("the client has an open balance: settle or void its invoices first", title="still owes")
    return Add(_key(client), {"open": 0}, _KIND, at_most={"open": 0}, otherwise=owing)
