"""What is removed from records and past events, and what stays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import BaseModel, Field

from coachway.core.persistence.domain_events import Actor, Change, Envelope
from coachway.core.persistence.records import Record
from coachway.core.types.personal import Personal
from coachway.dispatch.assignments.model import AssignmentStop
from coachway.erasure.redaction import Redaction

CLIENT, OTHER = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S", "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T"
REDACTION = Redaction(CLIENT)


class Place(BaseModel):
    name: Annotated[str, Personal(blank="erased")] = ""
    latitude: Annotated[float | None, Personal()] = None
    minutes: int = 0


class Part(BaseModel):
    client_id: str | None = None
    name: Annotated[str, Personal(blank="erased")] = ""


class Trip(Record):
    KIND: ClassVar[str] = "test_trip"

    client_id: str | None = None
    name: Annotated[str, Personal(blank="erased")] = ""
    phone: Annotated[str | None, Personal()] = None
    lines: Annotated[list[str], Personal()] = Field(default_factory=list)
    notes: Annotated[str, Personal()] = ""
    driver: Annotated[str, Personal("driver")] = ""
    amount: float = 0
    stops: list[Place] = Field(default_factory=list)
    start: Place | None = None
    by_day: dict[str, list[Place]] = Field(default_factory=dict)
    tags: list[Annotated[str, Personal(blank="erased")]] = Field(default_factory=list)
    parts: list[Part] = Field(default_factory=list)


@pytest.mark.parametrize(
    ("fields", "redacted"),
    [
        ({"name": "Quill", "amount": 5.5}, {"name": "erased", "amount": 5.5}),
        ({"name": "", "phone": None, "lines": []}, {"name": "", "phone": None, "lines": []}),
        ({"phone": "+12125550123", "lines": ["7 Quill Close"]}, {"phone": None, "lines": []}),
        ({"notes": "Quill"}, {"notes": ""}),
        ({"driver": "Mike"}, {"driver": "Mike"}),
        ({"start": {"latitude": 0.0, "minutes": 5}}, {"start": {"latitude": None, "minutes": 5}}),
        ({"stops": [{"name": "Quill"}, {"name": ""}]}, {"stops": [{"name": "erased"}, {"name": ""}]}),
        ({"by_day": {"1": [{"name": "Quill"}]}}, {"by_day": {"1": [{"name": "erased"}]}}),
        ({"tags": ["Quill", ""]}, {"tags": ["erased", ""]}),
        ({"client_id": CLIENT, "name": "Quill"}, {"client_id": CLIENT, "name": "erased"}),
        ({"client_id": OTHER, "name": "Bolt"}, {"client_id": OTHER, "name": "Bolt"}),
        (
            {"parts": [{"client_id": OTHER, "name": "Bolt"}, {"client_id": CLIENT, "name": "Quill"}]},
            {"parts": [{"client_id": OTHER, "name": "Bolt"}, {"client_id": CLIENT, "name": "erased"}]},
        ),
    ],
)
def test_marked_fields_are_redacted_at_any_depth_but_not_those_of_another_client(
    fields: dict[str, Any], redacted: dict[str, Any]
) -> None:
    after = Trip.model_validate(redacted)
    assert REDACTION.redact_record(Trip.model_validate(fields)) == after
    assert REDACTION.redact_record(after) == after


def test_record_keeps_its_numbers_and_times() -> None:
    now = datetime(2027, 3, 3, 14, tzinfo=UTC)
    stop = AssignmentStop(
        stop_type="pickup", address="7 Quill Close", latitude=40.7, longitude=-74.0, timezone="UTC", arrival=now
    )
    after = REDACTION.redact_record(stop)
    assert after == stop.model_copy(update={"address": "erased", "latitude": None, "longitude": None})


def _event(**fields: Any) -> Envelope:
    usual: dict[str, Any] = {
        "event_id": "01M7WBE4M9A7C2D4F6H8J1K3M5",
        "type": "quote.declined",
        "org_id": "org_1",
        "aggregate_id": "chr_1",
        "aggregate_pk": "ORG#org_1#CHARTER#chr_1",
        "occurred_at": datetime(2027, 3, 3, tzinfo=UTC),
        "actor": Actor(user_id="quote-link", role="client", ip="192.0.2.7"),
        "correlation_id": "x",
    }
    return Envelope(**{**usual, **fields})


def test_event_loses_personal_data_in_data_and_changes_and_the_client_s_address() -> None:
    changes = [
        Change(field="name", old="Quill", new="Quil"),
        Change(field="stops", old=[{"name": "7 Quill Close"}], new=[{"name": "9 Quill Close"}]),
        Change(field="amount", old=1.5, new=2.5),
        Change(field="driver", old="Mike", new="Ann"),
    ]
    data = {
        "client_id": CLIENT,
        "client_name": "Quill",
        "reason": "Quill is ill",
        "total": 2.5,
        "trip_date": "2027-03-03",
        "stops": [{"stop_type": "pickup", "address": "7 Quill Close", "arrival": None}],
    }
    after = REDACTION.redact_event(_event(data=data, changes=changes), [Trip])
    assert after.data == {
        **data,
        "client_name": "",
        "reason": "",
        "stops": [{"stop_type": "pickup", "address": "erased", "arrival": None}],
    }
    assert [(each.field, each.old, each.new) for each in after.changes] == [
        ("name", None, None),
        ("stops", [{"name": "erased"}], [{"name": "erased"}]),
        ("amount", 1.5, 2.5),
        ("driver", "Mike", "Ann"),
    ]
    assert (after.actor.role, after.actor.ip) == ("client", "")
    assert REDACTION.redact_event(after, [Trip]) == after


def test_event_of_an_earlier_version_loses_what_its_class_does_not_know() -> None:
    data = {
        "client_id": CLIENT,
        "quote_id": "quo_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        "passenger": "Zebedee Quill",
        "position": {"latitude": 40.7, "minutes": 5, "label": ["7 Quill Close"]},
        "stops": [{"address": "7 Quill Close", "place": "Quill Hall"}],
        "number": "CH-1",
    }
    changes = [Change(field="passenger", old="Zeb", new="Zebedee"), Change(field="start", old="Quill Hall", new=None)]
    after = REDACTION.redact_event(_event(data=data, changes=changes), [Trip])
    assert after.data == {
        **data,
        "passenger": None,
        "position": {"latitude": None, "minutes": 5, "label": [None]},
        "stops": [{"address": "erased", "place": None}],
    }
    assert [(each.old, each.new) for each in after.changes] == [(None, None), (None, None)]


def test_event_without_a_class_keeps_ids_and_whole_numbers_only() -> None:
    data = {"client_id": CLIENT, "name": "Quill", "count": 3, "is_late": True, "amount": 2.5}
    after = REDACTION.redact_event(_event(type="charter.renamed", data=data), [Trip])
    assert after.data == {**data, "name": None, "amount": None}


def test_event_of_any_capability_is_redacted_by_its_class() -> None:
    data = {"reason": "no time for Quill", "recovery_id": "rcv_1", "driver_name": "Mike"}
    after = REDACTION.redact_event(_event(type="assignment.declined", data=data), [])
    assert after.data == {"reason": "", "recovery_id": None, "driver_name": "Mike"}


def test_event_of_another_client_and_address_of_staff_stay() -> None:
    of_another = _event(data={"client_id": OTHER, "client_name": "Bolt"})
    assert REDACTION.redact_event(of_another, [Trip]) == of_another
    by_staff = _event(actor=Actor(user_id="usr_1", role="staff", ip="192.0.2.8"), data={"client_id": CLIENT})
    assert REDACTION.redact_event(by_staff, [Trip]) == by_staff


def test_redaction_of_a_user_leaves_other_marks() -> None:
    data = {"user_id": "usr_1", "email": "zeb@quill.example", "first_name": "Zeb", "organization_name": "Harbor"}
    after = Redaction(data_subject="user").redact_event(_event(type="user.password_changed", data=data), [])
    assert after.data == {**data, "email": "", "first_name": ""}
    declined = _event(type="quote.declined", data={"reason": "Quill is ill"})
    assert Redaction(data_subject="user").redact_event(declined, []).data == {"reason": "Quill is ill"}
