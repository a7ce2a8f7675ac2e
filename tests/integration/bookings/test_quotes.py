"""Quotes: sending, answering and expiry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coachway.bookings.quotes import expiry_job
from coachway.bookings.quotes import links as quote_links
from coachway.core import errors
from coachway.core.runtime import clock
from coachway.pricing import extras_service
from coachway.pricing.extras_model import PromoInput
from tests.integration.bookings.builders import (
    ORG,
    STAFF,
    answer_quote,
    create_charter,
    create_organizations,
    get_quote_status,
    get_status,
    list_event_types,
    send_quote,
    send_request,
    set_status,
)
from tests.integration.identity.builders import set_confirmed

NOW = datetime(2027, 2, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def test_view_quote_shows_no_internal_fields() -> None:
    charter = create_charter(notes="The client is difficult")
    reply = send_request("GET", f"/quotes/{send_quote(charter['id'])}", permissions="")
    assert reply.status == 200
    view = reply.json()
    assert (view["number"], view["status"], view["revision_number"]) == (charter["number"], "quote", 1)
    assert view["total"] == charter["quote"]["total"]
    assert view["organization_name"] == "Harbor"
    assert [line["label"] for line in view["lines"]] == ["Base price", "Mileage", "Fuel surcharge"]
    for hidden in ("rule_id", "difficult", "_id", "margin", "org_", "Coach base", "Per mile"):
        assert hidden not in reply.text


def test_accept_quote_books_charter_once() -> None:
    charter = create_charter()
    token = send_quote(charter["id"])
    assert get_quote_status(charter) == "sent"
    accepted = answer_quote(token)
    assert (accepted.status, accepted.json()["status"]) == (200, "booked")
    booked = send_request("GET", f"/charters/{charter['id']}").json()
    assert (booked["status"], booked["accepted_by"]) == ("booked", "Dana Lee")
    assert get_quote_status(charter) == "accepted"
    assert list_event_types(charter["id"]) == ["charter.created", "quote.sent", "quote.accepted", "charter.booked"]
    for action in ("accept", "decline"):
        second_reply = answer_quote(token, action)
        assert second_reply.status == 409
        assert second_reply.json()["code"] == "quote_already_answered"
    assert send_request("GET", f"/quotes/{token}", permissions="").json()["status"] == "booked"


def test_quote_sent_event_has_mail_fields_and_no_token() -> None:
    charter = create_charter()
    token = send_quote(charter["id"])
    text = send_request("GET", f"/charters/{charter['id']}/history").text
    assert token not in text
    event = send_request("GET", f"/charters/{charter['id']}/history").json()["items"][1]
    assert event["data"]["client_email"] == "e@acme.example"
    assert event["data"]["total"] == charter["quote"]["total"]
    assert event["data"]["link_nonce"]


def test_decline_quote_stores_reason() -> None:
    charter = create_charter()
    assert answer_quote(send_quote(charter["id"]), "decline", reason="Another date").json()["status"] == "declined"
    declined = send_request("GET", f"/charters/{charter['id']}").json()
    assert (declined["status"], declined["status_reason"]) == ("declined", "Another date")
    assert get_quote_status(charter) == "declined"


def test_accept_quote_rejects_other_revision() -> None:
    charter = create_charter()
    token = send_quote(charter["id"])
    rejected = answer_quote(token, revision=2)
    assert rejected.status == 409
    assert rejected.json()["errors"][0]["field"] == "revision_number"


def test_quotes_to_one_client_are_limited() -> None:
    charter = create_charter()
    statuses = [send_request("POST", f"/charters/{charter['id']}/send-quote", {}).status for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    assert list_event_types(charter["id"]).count("quote.sent") == 20


def test_quotes_of_unconfirmed_organization_are_limited() -> None:
    set_confirmed(ORG, confirmed=False)
    charter = create_charter()
    replies = [send_request("POST", f"/charters/{charter['id']}/send-quote", {}) for _ in range(6)]
    assert [each.status for each in replies] == [200] * 5 + [429]
    assert "confirms their email address" in replies[-1].json()["detail"]


def test_update_of_notes_keeps_link_valid() -> None:
    charter = create_charter()
    token = send_quote(charter["id"])
    send_request("PUT", f"/charters/{charter['id']}", {"notes": "Call before"})
    assert answer_quote(token).status == 200


@pytest.mark.parametrize(
    "forge", [lambda t: t[:40] + ("A" if t[40] != "A" else "B") + t[41:], lambda t: "A" * len(t), str.swapcase]
)
def test_view_quote_with_forged_link_is_not_found(forge: Any) -> None:
    token = forge(send_quote(create_charter()["id"]))
    assert send_request("GET", f"/quotes/{token}", permissions="").status == 404
    assert answer_quote(token).status == 404


def test_quote_expires_by_time_and_by_timer() -> None:
    with clock.frozen(NOW):
        charter = create_charter()
        other = create_charter()
        token, longer = send_quote(charter["id"], hours=2), send_quote(other["id"], hours=200)
    with clock.frozen(NOW + timedelta(hours=2)):
        assert send_request("GET", f"/quotes/{token}", permissions="").json()["status"] == "expired"
        assert answer_quote(token).json()["code"] == "quote_expired"
        assert get_status(charter["id"]) == "quote"
        assert expiry_job.run().expired == 1
        assert expiry_job.run() == expiry_job.ExpiryResult()
        assert get_status(charter["id"]) == "expired"
        assert get_quote_status(charter) == "expired"
        assert get_status(other["id"]) == "quote"
        assert list_event_types(charter["id"])[-1] == "quote.expired"
        assert answer_quote(token).status == 409
        assert answer_quote(longer).status == 200


def test_expiry_job_catches_up_after_pause() -> None:
    with clock.frozen(NOW):
        tokens = [send_quote(create_charter()["id"], hours=hours) for hours in (1, 30, 100)]
        assert expiry_job.run().expired == 0
    with clock.frozen(NOW + timedelta(days=3)):
        assert expiry_job.run().expired == 2
    with clock.frozen(NOW + timedelta(days=10)):
        assert expiry_job.run().expired == 1
        assert [answer_quote(token).status for token in tokens] == [409, 409, 409]


def test_expiry_job_skips_answered_and_revised_quotes() -> None:
    with clock.frozen(NOW):
        booked, revised = create_charter(), create_charter()
        answer_quote(send_quote(booked["id"], hours=1))
        send_quote(revised["id"], hours=1)
        send_request("PUT", f"/charters/{revised['id']}", {"passengers": 41})
    with clock.frozen(NOW + timedelta(hours=5)):
        result = expiry_job.run()
        assert (result.expired, result.closed) == (0, 2)
        assert get_status(booked["id"]) == "booked"
        assert get_status(revised["id"]) == "quote"


def test_send_quote_after_departure_is_rejected() -> None:
    charter = create_charter()
    with clock.frozen(datetime(2027, 3, 3, 14, 0, tzinfo=UTC)):
        assert send_request("POST", f"/charters/{charter['id']}/send-quote", {}).status == 409
    with clock.frozen(datetime(2027, 3, 3, 13, 0, tzinfo=UTC)):
        reply = send_request("POST", f"/charters/{charter['id']}/send-quote", {"expires_in_hours": 72})
        assert reply.json()["expires_at"] == "2027-03-03T14:00:00Z"


def test_send_quote_of_booked_charter_is_rejected() -> None:
    charter = create_charter()
    set_status(charter["id"], "booked")
    assert send_request("POST", f"/charters/{charter['id']}/send-quote", {}).status == 409


def test_accept_quote_retries_after_concurrent_update(monkeypatch: pytest.MonkeyPatch) -> None:
    charter = create_charter()
    token = send_quote(charter["id"])
    update_statuses: list[int] = []

    def open_link_with_update(text: str) -> quote_links.LinkedQuote:
        linked = quote_links.open_link(text)
        if not update_statuses:
            update_statuses.append(send_request("PUT", f"/charters/{charter['id']}", {"notes": "Hurry"}).status)
        return linked

    monkeypatch.setattr("coachway.bookings.quotes.responses.open_link", open_link_with_update)
    assert answer_quote(token).status == 200
    assert update_statuses == [200]


def test_concurrent_second_accept_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    charter = create_charter()
    token = send_quote(charter["id"])
    stale_quote = quote_links.open_link(token)
    assert answer_quote(token).status == 200
    reads = iter([stale_quote])
    monkeypatch.setattr(
        "coachway.bookings.quotes.responses.open_link", lambda text: next(reads, None) or quote_links.open_link(text)
    )
    second_reply = answer_quote(token)
    assert second_reply.status == 409
    assert list_event_types(charter["id"]).count("charter.booked") == 1


def test_accept_quote_uses_promo_code() -> None:
    extras_service.create_promo_code(STAFF, PromoInput(code="ONCE", amount=5_000, max_uses=1))
    first, second = create_charter(promo_code="ONCE"), create_charter(promo_code="ONCE")
    assert first["quote"]["discount"] == 50
    assert answer_quote(send_quote(first["id"])).status == 200
    rejected = answer_quote(send_quote(second["id"]))
    assert rejected.status == 409
    assert rejected.json()["code"] == "promo_code_used_up"
    assert get_status(second["id"]) == "quote"


def test_view_quote_without_link_is_not_found() -> None:
    with pytest.raises(errors.NotFound):
        quote_links.open_link("A" * 86)
