"""Quotes without a rate, of an unknown vehicle class or with too few seats cannot be sent or booked."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.pricing import rule_service
from coachway.pricing.rule_model import RuleInput
from coachway.pricing.rule_service import RuleQuery
from tests.integration.bookings.builders import (
    ORG,
    STAFF,
    charter_request,
    create_charter,
    create_organizations,
    get_status,
    send_quote,
    send_request,
    set_status,
)
from tests.integration.client import Reply

ALL_CODES = ["no_rate", "too_few_seats"]


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


@pytest.fixture
def unpriced(_organizations: None) -> dict[str, Any]:
    """A charter of 400 passengers in one coach, of an organization without pricing rules."""
    delete_rules()
    return create_charter(passengers=400)


def delete_rules() -> None:
    for rule in rule_service.list_rules(STAFF, RuleQuery()).items:
        rule_service.delete_rule(STAFF, rule.id, None)


def post_send_quote(charter_id: str) -> Reply:
    return send_request("POST", f"/charters/{charter_id}/send-quote", {})


def list_error_codes(reply: Reply) -> list[str]:
    return [each["code"] for each in reply.json()["errors"]]


def test_send_quote_is_refused_with_every_reason(unpriced: dict[str, Any]) -> None:
    assert [each["code"] for each in unpriced["quote"]["warnings"] if each["blocking"]] == ALL_CODES
    refused = post_send_quote(unpriced["id"])
    assert (refused.status, refused.json()["code"], list_error_codes(refused)) == (409, "quote_incomplete", ALL_CODES)
    assert send_request("GET", f"/charters/{unpriced['id']}").json()["quote_sent_at"] is None


def test_send_quote_of_unknown_vehicle_class_is_refused() -> None:
    refused = post_send_quote(create_charter(vehicle_class="cooach", passengers=400)["id"])
    assert (refused.status, list_error_codes(refused)) == (409, ["unknown_vehicle_class"])
    assert [each["field"] for each in refused.json()["errors"]] == ["vehicle_class"]


def test_book_by_staff_is_refused_with_every_reason(unpriced: dict[str, Any]) -> None:
    refused = set_status(unpriced["id"], "booked")
    assert (refused.status, refused.json()["code"], list_error_codes(refused)) == (409, "quote_not_bookable", ALL_CODES)
    assert get_status(unpriced["id"]) == "quote"


def test_send_quote_of_clone_and_series_is_refused(unpriced: dict[str, Any]) -> None:
    clone = send_request("POST", f"/charters/{unpriced['id']}/clone", {}).json()
    query = {"recurrence_rule": "FREQ=DAILY", "instance_count": "2"}
    series = send_request("POST", "/charters/recurring", charter_request(passengers=400), query=query).json()["items"]
    for charter in (clone, *series):
        refused = post_send_quote(charter["id"])
        assert (refused.status, list_error_codes(refused)) == (409, ALL_CODES)


def test_send_quote_again_after_change_to_too_few_seats_is_refused() -> None:
    charter = create_charter()
    send_quote(charter["id"])
    send_request("PUT", f"/charters/{charter['id']}", {"passengers": 57})
    assert list_error_codes(post_send_quote(charter["id"])) == ["too_few_seats"]
    send_request("PUT", f"/charters/{charter['id']}", {"vehicle_count": 2})
    assert post_send_quote(charter["id"]).status == 200


def test_update_of_quote_that_cannot_be_sent_prices_it_again(unpriced: dict[str, Any]) -> None:
    rule_service.create_rule(STAFF, RuleInput(name="Coach base", rule_type="base_rate", amount=35_000))
    organization = store.get(Organization, ORGANIZATIONS.key(org=ORG))
    larger = organization.model_copy(update={"vehicle_classes": {"coach": 200}})
    store.commit(STAFF, Update(organization, larger))
    path = f"/charters/{unpriced['id']}"
    send_request("PUT", path, {"vehicle_count": 2})
    unchanged = send_request("PUT", path, {}).json()
    assert (unchanged["revision_number"], unchanged["quote"]["warnings"]) == (2, [])
    assert post_send_quote(unpriced["id"]).status == 200


def test_update_without_change_prices_quote_again_once(unpriced: dict[str, Any]) -> None:
    rule_service.create_rule(STAFF, RuleInput(name="Coach base", rule_type="base_rate", amount=35_000))
    revised = send_request("PUT", f"/charters/{unpriced['id']}", {}).json()
    assert (revised["revision_number"], revised["quote"]["total"]) == (2, 351.3)
    assert [each["code"] for each in revised["quote"]["warnings"]] == ["too_few_seats"]
