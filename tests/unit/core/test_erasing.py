"""What is taken out of records and past events, and what stays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.core.erasure import RedactionMap, redact, redact_event, redact_record
from coachway.core.persistence.domain_events import Actor, Change, Envelope
from coachway.dispatch.assignments.model import AssignmentStop

CLIENT, OTHER = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S", "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T"
BLANKS: RedactionMap = {"name": "erased", "phone": None, "lines": [], "latitude": None}


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ({"name": "Quill", "amount": 5}, {"name": "erased", "amount": 5}),
        ({"name": "", "phone": None, "lines": []}, {"name": "", "phone": None, "lines": []}),
        ({"phone": "+12125550123", "lines": ["7 Quill Close"]}, {"phone": None, "lines": []}),
        ({"latitude": 0.0}, {"latitude": None}),
        (
            {"stops": [{"name": "Quill"}, {"at": {"name": "Quill"}}]},
            {"stops": [{"name": "erased"}, {"at": {"name": "erased"}}]},
        ),
        ({"client_id": CLIENT, "name": "Quill"}, {"client_id": CLIENT, "name": "erased"}),
        ({"client_id": None, "name": "Quill"}, {"client_id": None, "name": "erased"}),
        ({"client_id": OTHER, "name": "Bolt"}, {"client_id": OTHER, "name": "Bolt"}),
        (
            [{"client_id": OTHER, "name": "Bolt"}, {"client_id": CLIENT, "name": "Quill"}],
            [{"client_id": OTHER, "name": "Bolt"}, {"client_id": CLIENT, "name": "erased"}],
        ),
        ("Quill", "Quill"),
    ],
)
def test_personal_fields_are_blanked_wherever_they_lie_but_not_those_of_another_client(told: Any, left: Any) -> None:
    assert redact(told, BLANKS, CLIENT) == left
    assert redact(left, BLANKS, CLIENT) == left


def test_a_record_keeps_its_numbers_and_times() -> None:
    now = datetime(2027, 3, 3, 14, tzinfo=UTC)
    stop = AssignmentStop(
        stop_type="pickup", address="7 Quill Close", latitude=40.7, longitude=-74.0, timezone="UTC", arrival=now
    )
    after = redact_record(stop, {"address": "erased", "latitude": None, "longitude": None}, CLIENT)
    assert after == stop.model_copy(update={"address": "erased", "latitude": None, "longitude": None})


def _event(**fields: Any) -> Envelope:
    usual: dict[str, Any] = {
        "event_id": "01M7WBE4M9A7C2D4F6H8J1K3M5",
        "type": "charter.modified",
        "org_id": "org_1",
        "aggregate_id": "chr_1",
        "aggregate_pk": "ORG#org_1#CHARTER#chr_1",
        "occurred_at": datetime(2027, 3, 3, tzinfo=UTC),
        "actor": Actor(user_id="quote-link", role="client", ip="192.0.2.7"),
        "correlation_id": "x",
    }
    return Envelope(**{**usual, **fields})


def test_a_past_event_forgets_what_was_personal_before_and_after_and_where_the_client_was() -> None:
    changes = [
        Change(field="name", old="Quill", new="Quil"),
        Change(field="stops", old=[{"name": "7 Quill Close"}], new=[{"name": "9 Quill Close"}]),
        Change(field="total", old=1, new=2),
    ]
    after = redact_event(
        _event(data={"client_id": CLIENT, "name": "Quill", "total": 2}, changes=changes), BLANKS, CLIENT
    )
    assert after.data == {"client_id": CLIENT, "name": "erased", "total": 2}
    assert [(each.field, each.old, each.new) for each in after.changes] == [
        ("name", None, None),
        ("stops", [{"name": "erased"}], [{"name": "erased"}]),
        ("total", 1, 2),
    ]
    assert (after.actor.role, after.actor.ip) == ("client", "")


def test_what_happened_while_it_was_another_client_s_and_where_staff_sat_stays() -> None:
    theirs = _event(data={"client_id": OTHER, "name": "Bolt"})
    assert redact_event(theirs, BLANKS, CLIENT) == theirs
    by_staff = _event(actor=Actor(user_id="usr_1", role="staff", ip="192.0.2.8"), data={"client_id": CLIENT})
    assert redact_event(by_staff, BLANKS, CLIENT) == by_staff
