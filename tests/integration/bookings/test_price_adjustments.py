"""Prices of quotes that staff adjust by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.erasure.redaction import Redaction
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.pricing import quote_service as pricing
from tests.integration.bookings.builders import (
    ALL_PERMISSIONS,
    CLIENT_ID,
    ORG,
    OTHER_ORG,
    STAFF,
    answer_quote,
    create_charter,
    create_organizations,
    get_quote_status,
    send_quote,
    send_request,
    set_status,
)
from tests.integration.client import Reply

OVERRIDE = f"{ALL_PERMISSIONS} pricing:override"
REASON = "Agreed with Dana on the phone"
PARKING = {"label": "Parking", "quantity": 2, "unit_amount": 45, "reason": REASON}
ALL_IN = {"all_in_price": {"amount": 650, "reason": REASON}}
RULES_TOTAL = 676.3


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def adjust(charter_id: str, body: dict[str, Any], permissions: str = OVERRIDE, **options: Any) -> Reply:
    path = f"/charters/{charter_id}/price-adjustments"
    return send_request("PUT", path, body, permissions=permissions, **options)


def adjusted(charter_id: str, body: dict[str, Any]) -> dict[str, Any]:
    reply = adjust(charter_id, body)
    assert reply.status == 200, reply.text
    return dict(reply.json())


def list_history(charter_id: str) -> list[dict[str, Any]]:
    return list(send_request("GET", f"/charters/{charter_id}/history").json()["items"])


def set_tax(percent: str) -> None:
    organization = store.get(Organization, ORGANIZATIONS.key(org=ORG))
    store.commit(STAFF, Update(organization, organization.model_copy(update={"tax_rate_percent": Decimal(percent)})))


def codes(charter: dict[str, Any]) -> list[str]:
    return [each["code"] for each in charter["quote"]["warnings"]]


def test_all_in_price_is_a_new_revision_with_rules_price_beside_it() -> None:
    set_tax("10")
    charter = create_charter()
    token = send_quote(charter["id"])
    after = adjusted(charter["id"], {**ALL_IN, "lines": [PARKING]})
    quote = after["quote"]
    assert (quote["total"], quote["tax"], quote["subtotal"]) == (650, 59.09, 590.91)
    assert [(line["kind"], line["amount"]) for line in quote["lines"]] == [
        ("all_in", 500.91),
        ("manual", 90),
        ("tax", 59.09),
    ]
    assert quote["rules_price"]["total"] == charter["quote"]["total"]
    assert (after["revision_number"], after["quote_sent_at"]) == (2, None)
    assert send_request("GET", f"/quotes/{token}", permissions="").json()["code"] == "quote_being_revised"
    assert get_quote_status(charter) == "superseded"
    assert pricing.get_quote(STAFF, quote["id"]).total == 650_00


def test_history_says_who_changed_the_price_and_why() -> None:
    charter = create_charter()
    adjusted(charter["id"], ALL_IN)
    event = list_history(charter["id"])[-1]
    assert (event["type"], event["actor"]["user_id"]) == ("charter.price_adjusted", STAFF.user_id)
    assert (event["data"]["previous_total"], event["data"]["total"]) == (RULES_TOTAL, 650)
    assert (event["data"]["rules_total"], event["data"]["reasons"]) == (RULES_TOTAL, [REASON])


def test_same_adjustments_again_store_nothing() -> None:
    charter = create_charter()
    first = adjusted(charter["id"], {**ALL_IN, "lines": [PARKING]})
    assert adjusted(charter["id"], {**ALL_IN, "lines": [PARKING]}) == first
    assert len(list_history(charter["id"])) == 2


def test_changed_reason_keeps_the_revision_and_its_link() -> None:
    charter = create_charter()
    adjusted(charter["id"], ALL_IN)
    token = send_quote(charter["id"])
    after = adjusted(charter["id"], {"all_in_price": {"amount": 650, "reason": "By mail of May 3"}})
    assert (after["revision_number"], after["price_adjustments"]["all_in_price"]["reason"]) == (2, "By mail of May 3")
    assert send_request("GET", f"/quotes/{token}", permissions="").status == 200


def test_empty_adjustments_restore_the_price_of_the_rules() -> None:
    charter = create_charter()
    adjusted(charter["id"], ALL_IN)
    after = adjusted(charter["id"], {})
    assert (after["quote"]["total"], after["quote"]["rules_price"], after["price_adjustments"]) == (
        RULES_TOTAL,
        None,
        None,
    )


def test_client_sees_neither_reasons_nor_price_of_rules() -> None:
    charter = create_charter()
    adjusted(charter["id"], {**ALL_IN, "lines": [PARKING], "cost": 123.45})
    view = send_request("GET", f"/quotes/{send_quote(charter['id'])}", permissions="")
    assert [(line["label"], line["amount"]) for line in view.json()["lines"]] == [
        ("All-in price", 560),
        ("Parking", 90),
    ]
    for secret in (REASON, str(RULES_TOTAL), "123.45", "Coach base", "Mileage"):
        assert secret not in view.text


def test_total_only_hides_lines_and_discount_from_the_client() -> None:
    set_tax("10")
    charter = create_charter()
    adjusted(charter["id"], {"discount": {"percent": 10, "reason": REASON}, "price_display": "total_only"})
    view = send_request("GET", f"/quotes/{send_quote(charter['id'])}", permissions="").json()
    assert [(line["label"], line["amount"]) for line in view["lines"]] == [("Charter price", 608.67), ("Tax", 60.87)]
    assert (view["subtotal"], view["discount"], view["tax"], view["total"]) == (608.67, 0, 60.87, 669.54)


def test_adjustments_stay_when_the_trip_is_changed() -> None:
    charter = create_charter()
    adjusted(charter["id"], {"lines": [PARKING]})
    after = send_request("PUT", f"/charters/{charter['id']}", {"miles": 140}).json()
    assert after["quote"]["total"] == 350 + 140 * 2.5 + 1.4 + 90


def test_all_in_price_stays_with_a_warning_until_it_is_saved_again() -> None:
    charter = create_charter()
    adjusted(charter["id"], ALL_IN)
    after = send_request("PUT", f"/charters/{charter['id']}", {"miles": 140}).json()
    assert (after["quote"]["total"], codes(after)) == (650, ["rules_price_changed"])
    saved = adjusted(charter["id"], ALL_IN)
    assert (saved["quote"]["total"], codes(saved)) == (650, [])


def test_trip_that_would_cost_less_than_nothing_is_refused() -> None:
    charter = create_charter()
    discount = {"discount": {"amount": 600, "reason": REASON}}
    adjusted(charter["id"], discount)
    refused = send_request("PUT", f"/charters/{charter['id']}", {"miles": 10})
    assert (refused.status, refused.json()["code"]) == (409, "price_below_zero")
    assert adjust(charter["id"], {"discount": {"amount": 10_000, "reason": REASON}}).status == 409


def test_adjustment_needs_its_permission_and_the_organization_of_the_charter() -> None:
    charter = create_charter()
    assert adjust(charter["id"], ALL_IN, permissions=ALL_PERMISSIONS).status == 403
    assert adjust(charter["id"], ALL_IN, org_id=OTHER_ORG).status == 404
    assert adjust(charter["id"], ALL_IN, headers={"if-match": '"9"'}).status == 412


def test_adjustment_of_a_booked_charter_is_refused() -> None:
    charter = create_charter()
    set_status(charter["id"], "booked")
    refused = adjust(charter["id"], ALL_IN)
    assert (refused.status, refused.json()["code"]) == (409, "change_case_required")


def test_clone_keeps_adjustments_only_with_the_permission() -> None:
    charter = create_charter()
    adjusted(charter["id"], ALL_IN)
    path = f"/charters/{charter['id']}/clone"
    assert send_request("POST", path, {}).json()["quote"]["total"] == RULES_TOTAL
    clone = send_request("POST", path, {}, permissions=OVERRIDE).json()
    assert (clone["quote"]["total"], clone["price_adjustments"]["rules_total"]) == (650, RULES_TOTAL)


def test_accepted_adjusted_quote_is_booked_at_its_price() -> None:
    charter = create_charter()
    adjusted(charter["id"], ALL_IN)
    answer = answer_quote(send_quote(charter["id"]), revision=2)
    assert (answer.status, answer.json()["status"]) == (200, "booked")
    booked = send_request("GET", f"/charters/{charter['id']}").json()
    assert (booked["quote"]["total"], booked["credit_reserved"]) == (650, 650)


def test_accepted_warnings_let_the_quote_be_sent_and_booked() -> None:
    charter = create_charter(passengers=60)
    assert send_request("POST", f"/charters/{charter['id']}/send-quote", {}).status == 409
    reason = "Four infants travel on laps"
    accepted = {"accepted_warnings": [{"code": each, "reason": reason} for each in ("too_few_seats", "no_rate")]}
    after = adjusted(charter["id"], accepted)
    assert after["quote"]["warnings"][0]["accepted"] is True
    assert [each["code"] for each in after["price_adjustments"]["accepted_warnings"]] == ["too_few_seats"]
    assert answer_quote(send_quote(charter["id"]), revision=2).json()["status"] == "booked"
    assert reason in list_history(charter["id"])[1]["data"]["reasons"]


def test_more_passengers_than_accepted_prevent_sending_again() -> None:
    charter = create_charter(passengers=60)
    adjusted(charter["id"], {"accepted_warnings": [{"code": "too_few_seats", "reason": REASON}]})
    send_request("PUT", f"/charters/{charter['id']}", {"passengers": 75})
    refused = send_request("POST", f"/charters/{charter['id']}/send-quote", {})
    assert (refused.status, [each["code"] for each in refused.json()["errors"]]) == (409, ["too_few_seats"])
    assert "price adjustment" in refused.json()["detail"]


def test_illegal_hours_cannot_be_accepted() -> None:
    charter = create_charter()
    body = {"accepted_warnings": [{"code": "hours_illegal", "reason": REASON}]}
    assert adjust(charter["id"], body).status == 422


def test_bids_and_drivers_keep_their_revision_of_the_trip() -> None:
    charter = create_charter()
    assert adjusted(charter["id"], ALL_IN)["trip_revision_number"] == 1
    assert adjusted(charter["id"], {})["trip_revision_number"] == 1
    edited = send_request("PUT", f"/charters/{charter['id']}", {"miles": 140}).json()
    assert (edited["revision_number"], edited["trip_revision_number"]) == (4, None)


def test_reasons_are_erased_with_the_client() -> None:
    charter = create_charter()
    adjusted(charter["id"], {**ALL_IN, "lines": [PARKING]})
    stored = store.get(Charter, CHARTER.key(org=ORG, id=charter["id"]))
    redacted = Redaction(CLIENT_ID).redact_record(stored)
    assert REASON in stored.model_dump_json()
    assert REASON not in redacted.model_dump_json()
