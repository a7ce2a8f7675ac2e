"""The credit of clients: operations that change a client's balance.

The balance is stored as counters, so that concurrent bookings do not conflict. `open` is the whole balance: unpaid
invoices, and trips booked on credit that are not invoiced yet; `booked` is the latter only. Issuing the invoice of a
trip removes it from `booked`, and changes `open` only by the difference of the two amounts. The limit applies to `open`
when a trip is booked; completed trips are invoiced regardless of it. A limit of 0 means that there is no limit.
"""

from coachway.clients import rules
from coachway.clients.errors import ClientHasOpenBalance, CreditLimitExceeded
from coachway.clients.model import CREDIT, Client, Credit
from coachway.core import errors, store
from coachway.core.persistence.operations import CheckVersion, IncrementCounters, Op
from coachway.core.persistence.records import Key
from coachway.core.types.money import format_units

_KIND = "client_credit"


def _key(org_id: str, client_id: str) -> Key:
    return CREDIT.key(org=org_id, client=client_id)


def get_credit(client: Client) -> Credit:
    """The credit of `client`: limit, balance and what is available."""
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


def reserve_credit_ops(client: Client, cents: int) -> list[Op]:
    """Operations that book a trip of `client` on credit, for the transaction that books it.

    The transaction fails with CreditLimitExceeded, or with ConcurrentUpdate if the client was changed meanwhile.
    """
    exceeded = CreditLimitExceeded(
        f"The credit limit is {format_units(client.credit_limit)} {client.currency}. Raise it, or take a payment first."
    )
    limits = {"open": client.credit_limit} if client.credit_limit else {}
    return [
        CheckVersion(
            client, errors.ConcurrentUpdate("The client was changed by another request. Read it again, then retry.")
        ),
        IncrementCounters(
            _key(client.org_id, client.id), {"open": cents, "booked": cents}, _KIND, at_most=limits, on_failure=exceeded
        ),
    ]


def release_credit_op(org_id: str, client_id: str, cents: int) -> Op:
    """The operation that releases the credit of a cancelled trip."""
    return IncrementCounters(_key(org_id, client_id), {"open": -cents, "booked": -cents}, _KIND)


def invoice_credit_op(org_id: str, client_id: str, cents: int, *, booked: int = 0) -> Op:
    """The operation that adds an invoice of `cents`, for trips that were booked on credit for `booked` cents.

    Negative values of both reverse it.
    """
    return IncrementCounters(_key(org_id, client_id), {"open": cents - booked, "booked": -booked}, _KIND)


def settle_credit_op(org_id: str, client_id: str, cents: int) -> Op:
    """The operation that reduces the balance by `cents`; the transaction fails with Conflict beyond the balance."""
    exceeds_balance = errors.Conflict("The amount exceeds the client's open balance.")
    return IncrementCounters(
        _key(org_id, client_id), {"open": -cents}, _KIND, at_least={"open": 0}, on_failure=exceeds_balance
    )


def require_zero_balance_op(client: Client) -> Op:
    """The operation that fails the transaction with ClientHasOpenBalance unless the balance of `client` is 0."""
    open_balance = ClientHasOpenBalance("The client has an open balance. Settle or void its invoices first.")
    return IncrementCounters(
        _key(client.org_id, client.id), {"open": 0}, _KIND, at_most={"open": 0}, on_failure=open_balance
    )
