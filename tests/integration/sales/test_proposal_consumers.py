"""What happens to proposals when their client changes: a corrected email, an erasure, an export."""

from __future__ import annotations

import pytest

from coachway.clients import service as clients
from coachway.contracts.clients import ClientErased, ClientUpdated
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.domain_events import Envelope, Event
from coachway.core.persistence.queries import query_all
from coachway.core.schemas import PartialUpdate
from coachway.core.types import ids
from coachway.sales import erasure
from coachway.sales.proposals import link_replacement
from coachway.sales.proposals.model import PROPOSAL
from tests.integration.client import call, token_for
from tests.integration.sales.builders import ORG
from tests.integration.sales.proposal_builders import (
    STAFF,
    accept,
    create_charter,
    create_client,
    create_prices,
    create_proposal,
    decline,
    list_statuses,
    open_proposal,
    send,
    send_bookings,
    send_proposal,
)
from tools.function_modules import load

SYSTEM = Caller.system("tests", ORG)


@pytest.fixture(autouse=True)
def _prices(organization: None) -> None:
    create_prices()


def build_delivery(event: Event, client_id: str) -> Delivery:
    return Delivery(
        event_id=ids.ulid(),
        type=event.TYPE,
        org_id=ORG,
        aggregate_id=client_id,
        correlation_id="tests",
        data=event.model_dump(mode="json"),
    )


def test_corrected_email_gets_a_new_link_and_the_old_one_is_void() -> None:
    client_id = create_client()
    charters = [create_charter(client_id) for _ in range(2)]
    proposal = create_proposal(client_id, charters)
    token = send_proposal(proposal["id"])
    clients.update_client(STAFF, client_id, PartialUpdate({"email": "right@acme.example"}), None)
    assert open_proposal(token).json()["code"] == "proposal_link_replaced"
    assert accept(token, 1).json()["code"] == "proposal_revised"
    delivery = build_delivery(ClientUpdated(email_changed=True), client_id)
    for _ in range(2):
        link_replacement.on_client_updated(SYSTEM, delivery)
    sent = send("GET", f"/{proposal['id']}").json()
    assert (sent["status"], sent["revision_number"]) == ("sent", 2)


def test_proposal_that_cannot_be_sent_to_the_corrected_email_becomes_a_draft() -> None:
    client_id = create_client()
    charters = [create_charter(client_id) for _ in range(2)]
    proposal = create_proposal(client_id, charters)
    send_proposal(proposal["id"])
    send_bookings("POST", f"/charters/{charters[0]['id']}/cancel", {"reason": "test"})
    clients.update_client(STAFF, client_id, PartialUpdate({"email": "right@acme.example"}), None)
    link_replacement.on_client_updated(SYSTEM, build_delivery(ClientUpdated(email_changed=True), client_id))
    assert send("GET", f"/{proposal['id']}").json()["status"] == "draft"


def test_erased_client_leaves_no_texts_in_proposals_and_their_history() -> None:
    client_id = create_client()
    charters = [create_charter(client_id) for _ in range(2)]
    fields = {"title": "Trip of Zebedee", "text": "Dear Zebedee", "terms": "Zebedee pays"}
    proposals = [create_proposal(client_id, charters, **fields) for _ in range(3)]
    tokens = [send_proposal(proposal["id"]) for proposal in proposals[:2]]
    decline(tokens[1], reason="Zebedee is ill")
    delivery = build_delivery(ClientErased(client_id=client_id), client_id)
    for _ in range(2):
        erasure.erase_records_of_client(SYSTEM, delivery)
    for proposal in proposals:
        assert "Zebedee" not in send("GET", f"/{proposal['id']}").text
        assert "Zebedee" not in send("GET", f"/{proposal['id']}/history").text
    statuses = [send("GET", f"/{proposal['id']}").json()["status"] for proposal in proposals]
    assert statuses == ["withdrawn", "declined", "withdrawn"]
    assert open_proposal(tokens[0]).status == 404
    assert list_statuses(charters) == ["declined", "declined"]


def test_deleted_draft_leaves_no_texts() -> None:
    client_id = create_client()
    proposal = create_proposal(client_id, [create_charter(client_id)], title="Trip of Zebedee")
    send("PUT", f"/{proposal['id']}", {"text": "Dear Zebedee"})
    assert send("DELETE", f"/{proposal['id']}").status == 204
    stored = query_all(Envelope, PROPOSAL.key(org=ORG, id=proposal["id"]).pk, prefix="EVENT#")
    assert len(stored) == 3
    assert "Zebedee" not in "".join(event.model_dump_json() for event in stored)


def test_export_of_a_client_contains_its_proposals() -> None:
    client_id = create_client()
    proposal = create_proposal(client_id, [create_charter(client_id)])
    api = load("billing", "documents_api").api
    path = f"/api/v1/clients/{client_id}/export"
    export = call(api, "GET", path, token=token_for("clients:write")).json()
    assert [each["number"] for each in export["proposals"]] == [proposal["number"]]
