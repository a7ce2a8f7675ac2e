"""Renamed fields: the table has their stored names, responses and histories their new ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from coachway.core.persistence.domain_events import list_changes
from coachway.core.persistence.responses.response_json import to_json
from coachway.core.persistence.transaction import to_item
from coachway.core.types.geo import Coordinates
from coachway.dispatch.diaries.model import DiaryPage, DutyBlock

AT = datetime(2027, 3, 2, 14, tzinfo=UTC)
BLOCK = DutyBlock(
    assignment_id="asg_1",
    charter_id="chr_1",
    number="HC-2027-000001",
    starts_at=AT,
    ends_at=AT,
    pickup_at=AT,
    dropoff_at=AT,
    pickup_place=Coordinates(latitude=40.7, longitude=-74.0),
)
PAGE = DiaryPage(org_id="org_1", resource="drv_1", week="2027-W09", blocks=[BLOCK])


def test_to_item_of_renamed_fields_has_stored_names() -> None:
    stored = json.loads(to_item(PAGE)["doc"]["S"])
    assert stored["jobs"][0]["begins"] == [40.7, -74.0]
    assert {"blocks", "pickup_place"}.isdisjoint({*stored, *stored["jobs"][0]})
    assert DiaryPage.model_validate(stored) == PAGE


def test_to_json_of_renamed_fields_has_new_names() -> None:
    response = json.loads(to_json(PAGE))
    assert response["blocks"][0]["pickup_place"] == [40.7, -74.0]
    assert DiaryPage.model_validate(response) == PAGE


def test_list_changes_of_renamed_field_has_new_name() -> None:
    after = PAGE.model_copy(update={"blocks": []})
    assert [change.field for change in list_changes(PAGE, after, frozenset())] == ["blocks"]
