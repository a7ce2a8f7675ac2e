"""An organization that invoices its clients, on the table in memory."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from coachway.bookings.charters import lifecycle
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.lifecycle import StatusInput
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import Status
from coachway.clients import credit
from coachway.clients import service as clients
from coachway.clients.model import Client
from coachway.clients.rules import PaymentTerms
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from tests.entries import load
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import CLIENT_ID, ORG, STAFF
from tests.integration.client import Reply, call, token_for

api = load("billing", "api").api
MANAGER: Final = Caller(org_id=ORG, user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZZ", role="manager", correlation_id="tests")
SYSTEM: Final = Caller.system("tests", ORG)
RIGHTS: Final = "billing:read billing:write"


def set_up_organization(terms: str = "net_30", limit: int = 0) -> None:
    """The organization, its prices, and a client with terms, or without."""
    booking_builders.create_organizations()
    before = clients.get(STAFF, CLIENT_ID)
    after = before.model_copy(update={"payment_terms": PaymentTerms(terms), "credit_limit": limit})
    store.commit(STAFF, Update(before, after))


def create_client(client_id: str, **fields: Any) -> Client:
    """One more client."""
    usual = {"name": "Bolt Tours", "client_type": "corporate", "email": "pay@bolt.example", "payment_terms": "net_15"}
    made = Client(id=client_id, org_id=ORG, **{**usual, **fields})
    store.commit(STAFF, Create(made))
    return made


def send_request(
    method: str, path: str, body: Any = None, *, rights: str = RIGHTS, client: str = "", org_id: str = ORG, **more: Any
) -> Reply:
    """A request to billing, as a manager, or as somebody of a client."""
    real = datetime.now(UTC)
    times: dict[str, Any] = {"iat": real, "exp": real + timedelta(minutes=5)}
    role = "client" if client else "manager"
    token = token_for(rights, role=role, party_id=client, org_id=org_id, **times)
    return call(api, method, f"/api/v1{path}", body, token=token, **more)


def send_ok(method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    """A request that must succeed."""
    reply = send_request(method, path, body, **more)
    assert reply.status < 300, f"{method} {path}: {reply.status} {reply.text}"
    return dict(reply.json())


def create_booked_charter(**fields: Any) -> Charter:
    """A charter that was booked by phone; 150 miles cost 726.50 at the prices of the tests."""
    charter_id = booking_builders.create_charter(**{"miles": 150, **fields})["id"]
    return lifecycle.change_status(STAFF, charter_id, StatusInput(status=Status.BOOKED, accepted_by="Dana Lee"))


def create_completed_charter(**fields: Any) -> Charter:
    """A charter that is over, as vehicles and drivers leave it."""
    before = create_booked_charter(**fields)
    after = before.model_copy(update={"status": Status.COMPLETED})
    store.commit(SYSTEM, Update(before, after))
    return after


def get_charter(charter_id: str) -> Charter:
    """A charter as it is now."""
    return charter_queries.get_charter(STAFF, charter_id)


def record_deposit(charter_id: str, cents: int) -> None:
    """A deposit, as a payment leaves it on the charter, and in the books."""
    from coachway.billing.ledger import journal, movements
    from coachway.identity import organization_queries

    before = get_charter(charter_id)
    movement = movements.deposit_received(
        client_id=before.client_id, charter_id=charter_id, cents=cents, currency="USD", memo="Deposit"
    )
    after = before.model_copy(update={"amount_paid": before.amount_paid + cents})
    store.commit(SYSTEM, Update(before, after), *journal.journal_ops(organization_queries.get(ORG), movement))


def get_credit(client_id: str = CLIENT_ID) -> tuple[int, int]:
    """Cents that a client owes in all, and of them for trips not invoiced yet."""
    now = credit.get_credit(clients.get(STAFF, client_id))
    return now.open_balance, now.booked_balance


def decode_file(reply: Reply) -> str:
    """The text of a file that was answered; the gateway takes it in base64."""
    return base64.b64decode(reply.text).decode()
