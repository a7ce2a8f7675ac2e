"""Recurring series of charters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.bookings.series import delivery_job
from coachway.bookings.series import outbox as series_outbox
from coachway.core import store
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.table import connection
from coachway.core.runtime import clock
from coachway.pricing import quote_service as pricing
from tests.integration.bookings.builders import (
    ORG,
    STAFF,
    charter_request,
    create_charter,
    create_organizations,
    send_request,
    stops_with_driving_hours,
)
from tools.function_modules import load


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def create_series(
    rule: str = "weekly", count: int | None = 3, *, headers: dict[str, str] | None = None, **fields: Any
) -> Any:
    query = {"recurrence_rule": rule} | ({"instance_count": str(count)} if count is not None else {})
    return send_request("POST", "/charters/recurring", charter_request(**fields), query=query, headers=headers)


def test_create_series_of_three_weekly_charters() -> None:
    reply = create_series()
    assert reply.status == 201, reply.text
    charters = reply.json()["items"]
    assert [each["trip_date"] for each in charters] == ["2027-03-03", "2027-03-10", "2027-03-17"]
    assert [each["instance_number"] for each in charters] == [1, 2, 3]
    assert {each["series_total"] for each in charters} == {3}
    assert [each["is_series_master"] for each in charters] == [True, False, False]
    assert [each["parent_charter_id"] for each in charters] == [None, charters[0]["id"], charters[0]["id"]]
    assert {each["recurrence_rule"] for each in charters} == {"weekly"}
    assert [each["number"] for each in charters] == [f"CH-2027-00000{n}" for n in (1, 2, 3)]
    series = send_request("GET", f"/charters/{charters[2]['id']}/series").json()
    assert [each["id"] for each in series["items"]] == [each["id"] for each in charters]
    assert create_charter()["number"] == "CH-2027-000004"


def test_create_series_keeps_local_time_across_dst() -> None:
    charters = create_series(count=3).json()["items"]
    departures = [each["stops"][0]["estimated_departure"] for each in charters]
    assert departures == ["2027-03-03T09:00:00-05:00", "2027-03-10T09:00:00-05:00", "2027-03-17T09:00:00-04:00"]
    assert charters[2]["stops"][1]["estimated_arrival"] == "2027-03-17T12:00:00-04:00"


def test_create_series_keeps_times_of_its_first_charter() -> None:
    first, last = stops_with_driving_hours(3)
    stops = [
        {**first, "estimated_departure": "2027-11-07T01:30:00-05:00"},
        {"address": "Club", "estimated_arrival": "2027-11-07T01:35:00-05:00"}
        | {"estimated_departure": "2027-11-07T01:40:00-05:00"},
        {**last, "estimated_arrival": "2027-11-07T04:30:00-05:00"},
    ]
    charters = create_series(count=2, stops=stops).json()["items"]
    assert [stop["estimated_departure"] for stop in charters[0]["stops"][:2]] == [
        "2027-11-07T01:30:00-05:00",
        "2027-11-07T01:40:00-05:00",
    ]
    assert [charter["starts_at"] for charter in charters] == ["2027-11-07T01:30:00-05:00", "2027-11-14T01:30:00-05:00"]


@pytest.mark.parametrize(
    ("departs", "rule", "expected"),
    [
        ("2027-10-30T02:30:00+02:00", "FREQ=DAILY;UNTIL=20271031T010000Z", ["2027-10-30", "2027-10-31"]),
        ("2027-10-30T02:30:00+02:00", "FREQ=DAILY;UNTIL=20271031T000000Z", ["2027-10-30"]),
    ],
)
def test_create_series_compares_until_as_a_moment(departs: str, rule: str, expected: list[str]) -> None:
    first, last = stops_with_driving_hours(3)
    stops = [
        {**first, "estimated_departure": departs, "timezone": "Europe/Amsterdam"},
        {**last, "estimated_arrival": None},
    ]
    charters = create_series(rule, None, stops=stops).json()["items"]
    assert [charter["trip_date"] for charter in charters] == expected


def test_create_series_prices_and_numbers_each_charter() -> None:
    charters = create_series("FREQ=MONTHLY;BYMONTHDAY=31", 12, stops=_stops_on_day("2027-03-31")).json()["items"]
    assert [each["trip_date"] for each in charters][:3] == ["2027-03-31", "2027-04-30", "2027-05-31"]
    assert [each["number"] for each in charters][-4:] == [
        "CH-2027-000009",
        "CH-2027-000010",
        "CH-2028-000001",
        "CH-2028-000002",
    ]
    assert len({each["quote"]["id"] for each in charters}) == 12


def test_create_series_of_52_charters_writes_quotes_events_and_counts() -> None:
    reply = create_series(count=52)
    assert reply.status == 201, reply.text
    charters = reply.json()["items"]
    assert len(charters) == 52
    for charter in (charters[0], charters[25], charters[51]):
        history = send_request("GET", f"/charters/{charter['id']}/history").json()["items"]
        assert [event["type"] for event in history] == ["charter.created"]
        assert pricing.get_quote(STAFF, charter["quote"]["id"]).charter_id == charter["id"]
    assert len(send_request("GET", f"/charters/{charters[7]['id']}/series").json()["items"]) == 52
    assert send_request("GET", "/charters/dashboard-summary").json()["by_status"]["quote"]["count"] == 52
    assert query_all(series_outbox.OutboxBatch, "SERIES_PARCELS", index="gsi1") == []


def test_create_series_applies_exceptions() -> None:
    charters = create_series(
        count=4,
        exceptions=[
            {"date": "2027-03-10", "action": "skip"},
            {"date": "2027-03-17", "action": "move", "estimated_departure": "2027-03-18T10:30:00-04:00"},
        ],
    ).json()["items"]
    assert [each["starts_at"] for each in charters] == [
        "2027-03-03T09:00:00-05:00",
        "2027-03-18T10:30:00-04:00",
        "2027-03-24T09:00:00-04:00",
    ]
    assert [each["instance_number"] for each in charters] == [1, 2, 3]
    assert {each["series_total"] for each in charters} == {3}


@pytest.mark.parametrize(
    ("rule", "count", "fields", "field"),
    [
        ("weekly", None, {}, "instance_count"),
        ("weekly", 53, {}, "instance_count"),
        ("weekly", 0, {}, "instance_count"),
        ("FREQ=SECONDLY", 3, {}, "recurrence_rule"),
        ("nonsense", 3, {}, "recurrence_rule"),
        ("weekly", 2, {"exceptions": [{"date": "2027-03-04", "action": "skip"}]}, "exceptions.0.date"),
        ("weekly", 2, {"exceptions": [{"date": "2027-03-03", "action": "skip"}] * 2}, "exceptions.1.date"),
        ("daily", 1, {"exceptions": [{"date": "2027-03-03", "action": "skip"}]}, "exceptions"),
        ("daily", 1, {"exceptions": [{"date": "2027-03-03", "action": "move"}]}, "exceptions.0.estimated_departure"),
    ],
)
def test_create_series_rejects_invalid_input(rule: str, count: int | None, fields: dict[str, Any], field: str) -> None:
    reply = create_series(rule, count, **fields)
    assert reply.status == 422, reply.text
    assert field in [each["field"] for each in reply.json()["errors"]]
    assert send_request("GET", "/charters").json()["items"] == []


def test_failed_series_leaves_no_records_and_no_number_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    assert send_request("GET", "/charters").status == 200
    original = connection().transact_write_items
    monkeypatch.setattr(connection(), "transact_write_items", _raise_error)
    assert create_series(count=5).status == 500
    monkeypatch.setattr(connection(), "transact_write_items", original)
    assert send_request("GET", "/charters").json()["items"] == []
    assert send_request("GET", "/charters/dashboard-summary").json()["total"] == 0
    assert create_charter()["number"] == "CH-2027-000001"


def test_timer_delivers_pending_batches_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(series_outbox, "deliver_batches", lambda _caller, _batches: 0)
        charters = create_series(count=20).json()["items"]
    first, last = charters[0]["id"], charters[-1]["id"]
    assert send_request("GET", f"/charters/{last}/history").json()["items"] == []
    assert len(send_request("GET", f"/charters/{first}/series").json()["items"]) == 20
    assert delivery_job.run() == 0, "the request may still deliver them"
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        assert load("bookings", "timer").handler({}, None)["delivered"] == 4
        assert delivery_job.run() == 0
    for charter in charters:
        events = send_request("GET", f"/charters/{charter['id']}/history").json()["items"]
        assert [(each["type"], each["actor"]["role"]) for each in events] == [("charter.created", "staff")]
        assert pricing.get_quote(STAFF, charter["quote"]["id"]).total == round(charter["quote"]["total"] * 100)


def test_concurrent_delivery_of_batch_happens_once(monkeypatch: pytest.MonkeyPatch) -> None:
    undelivered: list[series_outbox.OutboxBatch] = []
    with monkeypatch.context() as patch:
        patch.setattr(series_outbox, "deliver_batches", lambda _caller, batches: undelivered.extend(batches))
        create_series(count=3)
    assert series_outbox.deliver_batches(STAFF, undelivered) == 1
    assert series_outbox.deliver_batches(STAFF, undelivered) == 0


def test_create_series_with_same_idempotency_key_returns_same_series() -> None:
    headers = {"idempotency-key": "series-1"}
    first, second = create_series(headers=headers), create_series(headers=headers)
    assert first.json() == second.json()
    assert len(send_request("GET", "/charters").json()["items"]) == 3


def test_create_series_too_large_is_rejected() -> None:
    stop = {"address": "\u20ac" * 190, "geocoded_address": "\u20ac" * 190}
    stops = [stops_with_driving_hours(3)[0], *[stop] * 48, stops_with_driving_hours(3)[1]]
    reply = create_series(
        count=52, stops=[{**each, "latitude": None, "longitude": None} for each in stops], notes="\u20ac" * 4000
    )
    assert reply.status == 413, reply.text
    assert send_request("GET", "/charters").json()["items"] == []


def test_create_series_checks_hours_of_each_charter() -> None:
    charters = create_series("weekly", 2, stops=_overnight_stops(), miles=500).json()["items"]
    blocked = [[each["code"] for each in charter["quote"]["warnings"] if each["blocking"]] for charter in charters]
    assert blocked == [[], []]


def test_list_series_of_single_charter_returns_itself() -> None:
    charter = create_charter()
    assert [each["id"] for each in send_request("GET", f"/charters/{charter['id']}/series").json()["items"]] == [
        charter["id"]
    ]
    assert store.find(series_outbox.OutboxBatch, series_outbox.BATCH.key(org=ORG, series="x", number="00")) is None


def _raise_error(*_: Any, **__: Any) -> None:
    raise RuntimeError("connection lost")


def _stops_on_day(day: str) -> list[dict[str, Any]]:
    first, last = stops_with_driving_hours(3)
    return [
        {**first, "estimated_departure": f"{day}T09:00:00-04:00"},
        {**last, "estimated_arrival": f"{day}T12:00:00-04:00"},
    ]


def _overnight_stops() -> list[dict[str, Any]]:
    first, last = stops_with_driving_hours(3)
    return [
        {**first, "estimated_departure": "2027-03-06T21:00:00-05:00"},
        {**last, "estimated_arrival": "2027-03-07T07:00:00-05:00"},
    ]
