"""An organization that invoices its clients, with its charters, invoices and deposits."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from coachway.billing.ledger import journal, movements
from coachway.billing.refunds.trip_payments import find_refundable_amount
from coachway.bookings.charters import lifecycle
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.bookings.charters.status_schemas import CancelInput, StatusInput
from coachway.clients import credit
from coachway.clients import service as clients
from coachway.clients.model import Client
from coachway.clients.rules import PaymentTerms
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.identity import organization_queries
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import CLIENT_ID, ORG, STAFF
from tests.integration.client import Reply, call, token_for
from tests.memory.client import MemoryConnection
from tools.function_modules import load

api = load("billing", "api").api
MANAGER: Final = Caller(org_id=ORG, user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZZ", role="manager", correlation_id="tests")
SYSTEM: Final = Caller.system("tests", ORG)
PERMISSIONS: Final = "billing:read billing:write"


def set_up_organization(terms: str = "net_30", credit_limit: int = 0) -> None:
    """Create the organization, its prices, and a client with these payment terms and credit limit."""
    booking_builders.create_organizations()
    before = clients.get_client(STAFF, CLIENT_ID)
    after = before.model_copy(update={"payment_terms": PaymentTerms(terms), "credit_limit": credit_limit})
    store.commit(STAFF, Update(before, after))


def create_client(client_id: str, **fields: Any) -> Client:
    """Create another client."""
    defaults = {
        "name": "Bolt Tours",
        "client_type": "corporate",
        "email": "pay@bolt.example",
        "payment_terms": "net_15",
    }
    client = Client(id=client_id, org_id=ORG, **{**defaults, **fields})
    store.commit(STAFF, Create(client))
    return client


def send_request(
    method: str,
    path: str,
    body: Any = None,
    *,
    permissions: str = PERMISSIONS,
    client: str = "",
    org_id: str = ORG,
    **options: Any,
) -> Reply:
    """Send a request to the billing API, as a manager or as a user of a client."""
    issued_at = datetime.now(UTC)
    times: dict[str, Any] = {"iat": issued_at, "exp": issued_at + timedelta(minutes=5)}
    role = "client" if client else "manager"
    token = token_for(permissions, role=role, party_id=client, org_id=org_id, **times)
    return call(api, method, f"/api/v1{path}", body, token=token, **options)


def send_ok(method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
    """Send a request that must succeed. Return the body of the response."""
    reply = send_request(method, path, body, **options)
    assert reply.status < 300, f"{method} {path}: {reply.status} {reply.text}"
    return dict(reply.json())


def cancel_charter(charter_id: str) -> None:
    """Cancel a charter for the operator."""
    request = CancelInput(initiated_by="operator")
    lifecycle.cancel(STAFF, charter_id, request, preview=False, find_refundable_amount=find_refundable_amount)


def create_booked_charter(**fields: Any) -> Charter:
    """Create a charter that is booked by phone. Its price is 726.50, for 150 miles."""
    charter_id = booking_builders.create_charter(**{"miles": 150, **fields})["id"]
    return lifecycle.change_status(
        STAFF,
        charter_id,
        StatusInput(status=CharterStatus.BOOKED, accepted_by="Dana Lee"),
        find_refundable_amount=find_refundable_amount,
    )


def create_completed_charter(**fields: Any) -> Charter:
    """Create a completed charter."""
    before = create_booked_charter(**fields)
    after = before.model_copy(update={"status": CharterStatus.COMPLETED})
    store.commit(SYSTEM, Update(before, after))
    return after


def get_charter(charter_id: str) -> Charter:
    """Get the current charter."""
    return charter_queries.get_charter(STAFF, charter_id)


def record_deposit(charter_id: str, cents: int) -> None:
    """Record a deposit on the charter and in the journal, as a payment does."""
    before = get_charter(charter_id)
    movement = movements.build_deposit_received(
        client_id=before.client_id, charter_id=charter_id, cents=cents, currency="USD", memo="Deposit"
    )
    after = before.model_copy(update={"amount_paid": before.amount_paid + cents})
    store.commit(
        SYSTEM, Update(before, after), *journal.journal_ops(organization_queries.get_organization(ORG), movement)
    )


def get_credit(client_id: str = CLIENT_ID) -> tuple[int, int]:
    """Return the cents that a client owes in total, and the part of them for trips that are not invoiced yet."""
    client_credit = credit.get_credit(clients.get_client(STAFF, client_id))
    return client_credit.open_balance, client_credit.booked_balance


def decode_file(reply: Reply) -> str:
    """Return the text of a file response, which is encoded in base64 for the gateway."""
    return base64.b64decode(reply.text).decode()


def clear_table() -> None:
    """Remove all items: each example of a state machine starts with an empty table."""
    MemoryConnection.memory.clear()
    store.clear_sequence_cache()
