"""Routes of quotes, promo codes and amenities."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.pricing import quote_acceptance, quote_service
from coachway.pricing.notice_model import Notice
from coachway.pricing.quote_model import QuoteRequest
from tests.integration.pricing.builders import (
    ACME,
    COACH_BASE,
    ORG,
    OTHER_ORG,
    PER_MILE,
    QUOTE_REQUEST,
    WEEKEND,
    ZENITH,
    calculate_quote,
    create_rule,
    get_line,
    send_request,
)

CALLER = Caller(org_id=ORG, user_id="usr_1", role="staff")
REQUEST = QuoteRequest.model_validate_json('{"vehicle_class": "coach", "trip_date": "2027-03-03", "miles": 150}')


def test_calculate_quote_returns_lines_and_stores_quote() -> None:
    base, per_mile = create_rule(COACH_BASE), create_rule(PER_MILE)
    create_rule(WEEKEND)
    quote = calculate_quote()
    assert quote["id"].startswith("quo_")
    fields = ("kind", "rule_id", "quantity", "unit_amount", "amount")
    assert [tuple(each[name] for name in fields) for each in quote["lines"]] == [
        ("base_rate", base["id"], 1, 350, 350),
        ("mileage_rate", per_mile["id"], 150, 2.5, 375),
        ("fuel_surcharge", None, 150, 0.01, 1.5),
    ]
    assert (quote["subtotal"], quote["discount"], quote["tax"], quote["total"]) == (726.5, 0, 0, 726.5)
    assert [line["public_label"] for line in quote["lines"]] == ["Base price", "Mileage", "Fuel surcharge"]
    assert (quote["currency"], quote["warnings"], quote["margin"]) == ("USD", [], None)
    assert send_request("GET", f"/quotes/{quote['id']}").json() == quote
    assert not {"org_id", "deleted_at", "promo_max_uses"} & quote.keys()


def test_calculate_quote_of_weekend_with_amenity() -> None:
    for body in (COACH_BASE, PER_MILE, WEEKEND):
        create_rule(body)
    assert send_request("POST", "/amenities", {"code": "wifi", "name": "Wifi", "amount": 50}).status == 201
    assert calculate_quote(trip_date="2027-03-06", miles=200, amenities=["wifi"])["total"] == 1114.5


def test_updated_rule_applies_immediately_and_quotes_keep_values() -> None:
    per_mile = create_rule(PER_MILE)
    before = calculate_quote(miles=100)
    assert send_request("PUT", f"/pricing-rules/{per_mile['id']}", {"amount": 2.75}).status == 200
    after = calculate_quote(miles=100)
    assert get_line(after, "mileage_rate")["amount"] == 275
    stored = send_request("GET", f"/quotes/{before['id']}").json()
    assert get_line(stored, "mileage_rate")["amount"] == 250
    assert [(each["amount"], each["version"]) for each in stored["rules"]] == [(2.5, 1)]
    assert [(each["amount"], each["version"]) for each in after["rules"]] == [(2.75, 2)]


def test_list_quotes_filters_by_client_and_status() -> None:
    create_rule(COACH_BASE)
    first, second, third = calculate_quote(), calculate_quote(client_id=ZENITH), calculate_quote()

    def list_ids(**query: str) -> list[str]:
        return [each["id"] for each in send_request("GET", "/quotes", query=query).json()["items"]]

    assert list_ids() == [third["id"], second["id"], first["id"]]
    assert list_ids(client_id=ACME) == [third["id"], first["id"]]
    assert list_ids(client_id=ACME, status="accepted") == []
    assert list_ids(status="calculated", limit="1") == [third["id"]]
    assert send_request("GET", "/quotes", query={"status": "lost"}).status == 422


def test_list_quotes_filters_by_charter() -> None:
    create_rule(COACH_BASE)
    charter = "chr_01JQZZZZZZZZZZZZZZZZZZZZZZ"
    draft = quote_service.price_trip(CALLER, REQUEST, charter_id=charter)
    store.commit(CALLER, *draft.ops)
    items = send_request("GET", "/quotes", query={"charter_id": charter}).json()["items"]
    assert [each["id"] for each in items] == [draft.quote.id]


def test_calculate_quote_of_unknown_client_is_not_found() -> None:
    rule = create_rule(COACH_BASE)
    unknown_id = ids.new("cli")
    assert send_request("POST", "/calculate-quote", {**QUOTE_REQUEST, "client_id": unknown_id}).status == 404
    assert send_request("POST", "/calculate-quote", QUOTE_REQUEST, org_id=OTHER_ORG).status == 404
    client_rule = {**COACH_BASE, "scope": "client", "client_id": unknown_id}
    assert send_request("POST", "/pricing-rules", client_rule).status == 404
    changes = {"scope": "client", "client_id": unknown_id}
    assert send_request("PUT", f"/pricing-rules/{rule['id']}", changes).status == 404


def test_price_trip_writes_nothing() -> None:
    create_rule(COACH_BASE)
    draft = quote_service.price_trip(
        CALLER, REQUEST, warnings=[Notice(code="hours_of_service", message="too long", blocking=True)]
    )
    assert send_request("GET", f"/quotes/{draft.quote.id}").status == 404
    store.commit(CALLER, *draft.ops)
    stored = quote_service.get_quote(CALLER, draft.quote.id)
    with pytest.raises(errors.Conflict, match="too long"):
        quote_acceptance.acceptance_ops(CALLER, stored)


def test_calculate_quote_with_illegal_miles_is_blocking() -> None:
    create_rule(PER_MILE)
    assert [each["code"] for each in calculate_quote(miles=600)["warnings"]] == ["hours_of_service"]
    assert calculate_quote(miles=600)["warnings"][0]["blocking"] is True
    assert calculate_quote(miles=600, requires_second_driver=True)["warnings"] == []
    assert calculate_quote(miles=600, days=2)["warnings"] == []


def test_calculate_quote_uses_tax_and_fuel_of_organization() -> None:
    create_rule(COACH_BASE, amount=100)
    before = store.get(Organization, ORGANIZATIONS.key(org=ORG))
    terms = {"tax_rate_percent": Decimal("8.875"), "fuel_surcharge_per_mile": Decimal("0.02"), "minimum_charge": 200_00}
    store.commit(CALLER, Update(before, before.model_copy(update=terms)))
    quote = calculate_quote(miles=10)
    assert [(each["kind"], each["amount"]) for each in quote["lines"]] == [
        ("base_rate", 100),
        ("fuel_surcharge", 0.2),
        ("minimum_charge", 99.8),
        ("tax", 17.75),
    ]
    assert quote["total"] == 217.75


def test_calculate_quote_with_cost_returns_margin() -> None:
    create_rule(COACH_BASE)
    assert calculate_quote(miles=0, cost=280)["margin"] == {"cost": 280, "amount": 70, "percent": 20}


def test_calculate_quote_with_cached_rules_takes_three_reads_and_one_write() -> None:
    for body in (COACH_BASE, PER_MILE, WEEKEND):
        create_rule(body)
    calculate_quote()
    calls = call_stats.calls
    calculate_quote()
    assert call_stats.calls - calls <= 5  # including the read of the keys that verify the token


def test_calculate_quote_with_same_idempotency_key_returns_first_quote() -> None:
    create_rule(COACH_BASE)
    first = send_request("POST", "/calculate-quote", QUOTE_REQUEST, headers={"idempotency-key": "one"})
    second = send_request("POST", "/calculate-quote", QUOTE_REQUEST, headers={"idempotency-key": "one"})
    assert second.json() == first.json()
    assert (
        send_request(
            "POST", "/calculate-quote", {**QUOTE_REQUEST, "miles": 1}, headers={"idempotency-key": "one"}
        ).status
        == 422
    )


def test_quotes_and_rules_are_hidden_from_other_organizations() -> None:
    rule = create_rule(COACH_BASE)
    quote = calculate_quote()
    assert send_request("GET", f"/quotes/{quote['id']}", org_id=OTHER_ORG).status == 404
    assert send_request("GET", "/quotes", org_id=OTHER_ORG).json()["items"] == []
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/history")):
        body = {"amount": 1} if method == "PUT" else None
        assert send_request(method, f"/pricing-rules/{rule['id']}{path}", body, org_id=OTHER_ORG).status == 404
    other_quote = send_request(
        "POST", "/calculate-quote", {**QUOTE_REQUEST, "client_id": None}, org_id=OTHER_ORG
    ).json()
    assert other_quote["total"] == 1.5


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"miles": -1}, "miles"),
        ({"miles": 1.234}, "miles"),
        ({"miles": 1e300}, "miles"),
        ({"trip_date": None}, "trip_date"),
        ({"trip_date": "1999-12-31"}, "trip_date"),
        ({"timezone": "America"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"vehicle_count": 0}, "vehicle_count"),
        ({"passengers": 0}, "passengers"),
        ({"stops": 1}, "stops"),
        ({"vehicle_class": "a b"}, "vehicle_class"),
        ({"client_id": "acme"}, "client_id"),
        ({"returns_at": "2027-03-03T10:00:00Z"}, "departs_at"),
        ({"departs_at": "2027-03-03T10:00:00Z", "returns_at": "2027-03-03T09:00:00Z"}, "returns_at"),
        ({"departs_at": "0001-01-01T00:00:00+14:00"}, "departs_at"),
        ({"departs_at": "2027-03-03T10:00:00"}, "departs_at"),
        ({"start_time": "09:00+01:00"}, "start_time"),
        ({"surprise": True}, "surprise"),
    ],
)
def test_calculate_quote_rejects_invalid_fields(fields: dict[str, Any], field: str) -> None:
    reply = send_request("POST", "/calculate-quote", {**QUOTE_REQUEST, **fields})
    assert reply.status == 422, reply.text
    assert any(each["field"].split(".")[0] == field for each in reply.json()["errors"]), reply.text


def test_calculate_quote_with_too_large_price_is_conflict() -> None:
    create_rule(PER_MILE, amount=1_000_000)
    assert send_request("POST", "/calculate-quote", {**QUOTE_REQUEST, "miles": 20_000}).status == 409


def test_pricing_routes_require_permission() -> None:
    assert send_request("POST", "/calculate-quote", QUOTE_REQUEST, permissions="pricing:read").status == 403
    assert send_request("GET", "/quotes", permissions="charters:write").status == 403
    assert send_request("POST", "/pricing-rules", PER_MILE, permissions="pricing:read").status == 403


# Promo codes


def test_acceptance_uses_promo_code_up_to_limit() -> None:
    create_rule(COACH_BASE)
    assert send_request("POST", "/promo-codes", {"code": "spring", "amount": 50, "max_uses": 3}).status == 201
    ids = [calculate_quote(promo_code="Spring", miles=0)["id"] for _ in range(8)]

    def accept(quote_id: str) -> bool:
        try:
            store.commit(CALLER, *quote_acceptance.acceptance_ops(CALLER, quote_service.get_quote(CALLER, quote_id)))
        except errors.Conflict:
            return False
        return True

    assert [accept(quote_id) for quote_id in ids].count(True) == 3
    (promo,) = send_request("GET", "/promo-codes").json()["items"]
    assert (promo["uses_left"], promo["max_uses"]) == (0, 3)
    statuses = [send_request("GET", f"/quotes/{quote_id}").json()["status"] for quote_id in ids]
    assert statuses.count("accepted") == 3
    after_limit = calculate_quote(promo_code="SPRING", miles=0)
    assert (after_limit["discount"], [each["code"] for each in after_limit["warnings"]]) == (0, ["promo_used_up"])


def test_calculate_quote_applies_promo_code() -> None:
    create_rule(COACH_BASE)
    send_request("POST", "/promo-codes", {"code": "TEN", "percent": 10, "valid_until": "2027-05-31"})
    request = REQUEST.model_copy(update={"promo_code": "TEN", "miles": Decimal(0)})
    with clock.frozen(datetime(2027, 6, 1, 3, 59, tzinfo=UTC)):
        price = quote_service.estimate_price(CALLER, request)
        assert (price.subtotal, price.discount, price.total) == (350_00, 35_00, 315_00)
    with clock.frozen(datetime(2027, 6, 1, 4, tzinfo=UTC)):
        assert [each.code for each in quote_service.estimate_price(CALLER, request).warnings] == ["promo_expired"]
    assert [each["code"] for each in calculate_quote(promo_code="nope")["warnings"]] == ["promo_unknown"]


def test_promo_and_amenity_codes_are_unique() -> None:
    for path, body in (
        ("/promo-codes", {"code": "TEN", "percent": 10}),
        ("/amenities", {"code": "wifi", "name": "Wifi", "amount": 5}),
    ):
        assert send_request("POST", path, body).status == 201
        second = send_request("POST", path, {**body, "code": str(body["code"]).swapcase()})
        assert (second.status, second.json()["errors"][0]["field"]) == (409, "code")
        assert send_request("POST", path, body, org_id=OTHER_ORG).status == 201
    assert [each["code"] for each in send_request("GET", "/amenities").json()["items"]] == ["wifi"]
