"""Cancellation of charters: refunds, who may cancel, and what the event says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coachway.bookings.charters.model import CHARTER
from coachway.clients import service as clients
from coachway.core import store
from coachway.core.runtime import clock
from tests.integration.bookings.builders import (
    CLIENT_ID,
    ORG,
    STAFF,
    answer_quote,
    create_charter,
    create_organizations,
    get_status,
    send_quote,
    send_request,
    set_status,
)


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def test_cancel_preview_returns_refund() -> None:
    charter = create_charter()
    set_status(charter["id"], "booked")
    path = f"/charters/{charter['id']}/cancel"
    start = datetime(2027, 3, 3, 14, 0, tzinfo=UTC)
    for hours, percent in ((72, 100), (71.9, 75), (24, 50), (23, 0)):
        with clock.frozen(start - timedelta(hours=hours)):
            preview = send_request("POST", path, {}, query={"preview": "true"})
            assert preview.status == 200
            assert preview.json()["refund_percent"] == percent
            assert preview.json()["preview"] is True
    with clock.frozen(start - timedelta(hours=1)):
        assert (
            send_request("POST", path, {"initiated_by": "operator"}, query={"preview": "true"}).json()["refund_percent"]
            == 100
        )
        assert get_status(charter["id"]) == "booked"
        cancellation = send_request("POST", path, {"reason": "Flooded"}).json()
        assert (cancellation["preview"], cancellation["refund"], cancellation["initiated_by"]) == (False, 0, "client")
    assert get_status(charter["id"]) == "cancelled"
    assert send_request("POST", path, {}).status == 409


def test_cancel_with_idempotency_key_of_a_preview_is_refused() -> None:
    charter, headers = create_charter(), {"Idempotency-Key": "once"}
    set_status(charter["id"], "booked")
    path, body = f"/charters/{charter['id']}/cancel", {"reason": "Flooded"}
    previews = [send_request("POST", path, body, query={"preview": "true"}, headers=headers) for _ in range(2)]
    assert [preview.json()["preview"] for preview in previews] == [True, True]
    refused = send_request("POST", path, body, headers=headers)
    assert (refused.status, refused.json()["errors"][0]["code"]) == (422, "already_used")
    assert send_request("POST", path, body).status == 200
    assert get_status(charter["id"]) == "cancelled"


def test_cancel_by_client_is_limited_to_own_charters() -> None:
    charter = create_charter()
    set_status(charter["id"], "booked")
    path = f"/charters/{charter['id']}/cancel"
    other_client: Any = {
        "permissions": "charters:cancel",
        "role": "client",
        "party_id": "cli_01JQZZZZZZZZZZZZZZZZZZZZZZ",
    }
    assert send_request("POST", path, {}, **other_client).status == 404
    own_client = {**other_client, "party_id": CLIENT_ID}
    assert send_request("POST", path, {"initiated_by": "operator"}, **own_client).json()["initiated_by"] == "client"


def test_removed_client_cannot_book_but_trip_can_be_cancelled() -> None:
    charter, other = create_charter(), create_charter()
    token = send_quote(charter["id"])
    clients.delete_client(STAFF, CLIENT_ID, None)
    assert answer_quote(token).status == 409
    assert answer_quote(token, "decline").status == 200
    assert send_request("POST", f"/charters/{other['id']}/cancel", {}).status == 200


def test_cancellation_event_says_whether_the_client_knows_of_the_trip() -> None:
    unseen = create_charter()
    body = {"reason": "They shop around", "message_to_client": "We are fully booked.", "initiated_by": "operator"}
    cancelled = send_request("POST", f"/charters/{unseen['id']}/cancel", body).json()
    assert (cancelled["reason"], cancelled["message_to_client"]) == ("They shop around", "We are fully booked.")
    history = store.list_history(CHARTER.key(org=ORG, id=unseen["id"]))
    [event] = [each.data for each in history if each.type == "charter.cancelled"]
    assert (event["was_booked"], event["quote_was_sent"], event["message_to_client"]) == (
        False,
        False,
        "We are fully booked.",
    )


def test_cancellation_of_a_revised_quote_says_that_the_client_knows_only_an_earlier_revision() -> None:
    charter = create_charter()
    send_quote(charter["id"])
    assert send_request("PUT", f"/charters/{charter['id']}", {"passengers": 41}).json()["quote_sent_at"] is None
    send_request("POST", f"/charters/{charter['id']}/cancel", {"message_to_client": "We are fully booked."})
    history = store.list_history(CHARTER.key(org=ORG, id=charter["id"]))
    [event] = [each.data for each in history if each.type == "charter.cancelled"]
    assert (event["quote_was_sent"], event["revision_was_sent"]) == (True, False)
