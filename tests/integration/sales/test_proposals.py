"""Proposals through their routes: create, edit, send, withdraw."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from coachway.core.runtime import clock
from coachway.sales.proposals import expiry_job
from tests.integration.client import token_for
from tests.integration.sales.builders import OTHER_ORG
from tests.integration.sales.proposal_builders import (
    PERMISSIONS,
    accept,
    create_charter,
    create_client,
    create_prices,
    create_proposal,
    decline,
    get_charter,
    list_statuses,
    open_proposal,
    proposal_request,
    send,
    send_bookings,
    send_proposal,
)


@pytest.fixture(autouse=True)
def _prices(organization: None) -> None:
    create_prices()


def create_options(count: int = 2, **fields: Any) -> tuple[str, list[dict[str, Any]]]:
    """A client and its quotes."""
    client_id = create_client()
    return client_id, [create_charter(client_id, **fields) for _ in range(count)]


def test_proposal_is_numbered_and_listed() -> None:
    client_id, charters = create_options()
    first, second = (create_proposal(client_id, charters) for _ in range(2))
    assert [first["number"], second["number"]] == ["PRO-2026-000001", "PRO-2026-000002"]
    assert [item["charter_number"] for item in first["items"]] == [charter["number"] for charter in charters]
    assert first["items"][0]["total"] == charters[0]["quote"]["total"]
    for query in ({}, {"status": "draft"}, {"client_id": client_id}, {"client_id": client_id, "status": "draft"}):
        assert [each["id"] for each in send("GET", "", query=query).json()["items"]] == [second["id"], first["id"]]
    assert send("GET", "", query={"status": "sent"}).json()["items"] == []


def test_proposal_of_another_organization_is_not_found() -> None:
    proposal = create_proposal(*create_options())
    stranger = token_for(PERMISSIONS, org_id=OTHER_ORG)
    assert send("GET", f"/{proposal['id']}", token=stranger).status == 404
    assert send("POST", f"/{proposal['id']}/send", token=stranger).status == 404


def test_charters_must_be_open_quotes_of_the_client() -> None:
    client_id, charters = create_options()
    other = create_charter(create_client())
    cancelled = create_charter(client_id)
    send_bookings("POST", f"/charters/{cancelled['id']}/cancel", {"reason": "test"})
    for items, status, code in (
        ([*charters, other], 409, "charter_of_other_client"),
        ([*charters, cancelled], 409, "quote_not_sendable"),
        ([{"id": "chr_01JQZZZZZZZZZZZZZZZZZZZZZZ"}], 404, "not_found"),
        ([charters[0], charters[0]], 422, "invalid_fields"),
        ([], 422, "invalid_fields"),
    ):
        reply = send("POST", "", proposal_request(client_id, items))
        assert (reply.status, reply.json()["code"]) == (status, code), reply.text
    for moment in ("2026-11-01T00:00:00Z", "2028-02-20T22:00:00Z"):
        assert send("POST", "", proposal_request(client_id, charters, valid_until=moment)).status == 422


def test_unsendable_quote_is_named_and_nothing_is_sent() -> None:
    client_id, charters = create_options()
    incomplete = create_charter(client_id, passengers=400)
    proposal = create_proposal(client_id, [*charters, incomplete])
    reply = send("POST", f"/{proposal['id']}/send")
    assert (reply.status, reply.json()["code"]) == (409, "quote_incomplete")
    assert incomplete["number"] in reply.json()["detail"]
    assert get_charter(charters[0]["id"])["quote_sent_at"] is None
    assert send("GET", f"/{proposal['id']}").json()["status"] == "draft"


def test_sent_proposal_shows_the_quotes_without_internal_ids() -> None:
    client_id, charters = create_options()
    proposal = create_proposal(client_id, charters, text="Hello", terms="Pay in time.")
    view = open_proposal(send_proposal(proposal["id"]))
    assert view.status == 200
    body = view.json()
    assert (body["status"], body["choosable"], body["chosen"], body["text"]) == ("sent", [1, 2], [], "Hello")
    assert body["items"][0]["quote"]["total"] == charters[0]["quote"]["total"]
    assert charters[0]["id"] not in view.text
    assert client_id not in view.text
    assert get_charter(charters[0]["id"])["quote_sent_at"] is not None


def test_edited_proposal_has_no_valid_link_until_it_is_sent_again() -> None:
    client_id, charters = create_options()
    proposal = create_proposal(client_id, charters)
    old = send_proposal(proposal["id"])
    edited = send("PUT", f"/{proposal['id']}", {"title": "Another title"})
    assert (edited.status, edited.json()["status"]) == (200, "draft")
    assert open_proposal(old).json()["code"] == "proposal_being_revised"
    assert accept(old, 1).json()["code"] == "proposal_revised"
    new = send_proposal(proposal["id"])
    assert open_proposal(old).json()["code"] == "proposal_link_replaced"
    assert accept(new, 1, revision=1).json()["code"] == "proposal_revised"
    assert accept(new, 1, revision=2).status == 200


def test_unchanged_update_keeps_the_link() -> None:
    client_id, charters = create_options()
    proposal = create_proposal(client_id, charters)
    token = send_proposal(proposal["id"])
    assert send("PUT", f"/{proposal['id']}", {"title": proposal["title"]}).json()["status"] == "sent"
    assert open_proposal(token).status == 200


def test_withdrawn_proposal_cannot_be_answered_and_leaves_its_quotes_open() -> None:
    client_id, charters = create_options()
    proposal = create_proposal(client_id, charters)
    token = send_proposal(proposal["id"])
    assert send("POST", f"/{proposal['id']}/withdraw").json()["status"] == "withdrawn"
    assert open_proposal(token).json()["code"] == "proposal_withdrawn"
    assert (accept(token, 1).status, decline(token).status) == (409, 409)
    assert send("PUT", f"/{proposal['id']}", {"title": "Again"}).json()["code"] == "invalid_status_transition"
    assert list_statuses(charters) == ["quote", "quote"]


def test_draft_can_be_deleted_but_not_a_sent_proposal() -> None:
    client_id, charters = create_options()
    draft, sent = (create_proposal(client_id, charters) for _ in range(2))
    send_proposal(sent["id"])
    assert send("DELETE", f"/{draft['id']}").status == 204
    assert send("GET", f"/{draft['id']}").status == 404
    assert send("DELETE", f"/{sent['id']}").json()["code"] == "proposal_not_deletable"


def test_expired_proposal_keeps_its_quotes_and_can_be_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    client_id, charters = create_options()
    proposal = create_proposal(client_id, charters, valid_until="2026-12-05T00:00:00Z")
    token = send_proposal(proposal["id"])
    monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat("2026-12-05T00:00:01Z"))
    assert open_proposal(token).json()["status"] == "expired"
    assert accept(token, 1).json()["code"] == "proposal_expired"
    assert expiry_job.run().expired == 1
    assert expiry_job.run().expired == 0
    assert send("GET", f"/{proposal['id']}").json()["status"] == "expired"
    assert send("POST", f"/{proposal['id']}/send").json()["code"] == "validity_passed"
    send("PUT", f"/{proposal['id']}", {"valid_until": "2026-12-20T00:00:00Z"})
    assert accept(send_proposal(proposal["id"]), 1, revision=2).status == 200
