"""Quotes through their routes, on the table in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.table import tally
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.pricing import quote_acceptance, quote_service
from coachway.pricing.quote_model import Notice, QuoteRequest
from tests.integration.pricing.asking import (
    ACME,
    ASKED,
    COACH_BASE,
    ORG,
    OTHER_ORG,
    PER_MILE,
    WEEKEND,
    ZENITH,
    ask,
    line,
    quote,
    rule,
)

CALLER = Caller(org_id=ORG, user_id="usr_1", role="staff")
REQUEST = QuoteRequest.model_validate_json('{"vehicle_class": "coach", "trip_date": "2027-03-03", "miles": 150}')


def test_a_quote_explains_itself_and_is_kept() -> None:
    base, per_mile = rule(COACH_BASE), rule(PER_MILE)
    rule(WEEKEND)
    given = quote()
    assert given["id"].startswith("quo_")
    told = ("kind", "rule_id", "quantity", "unit_amount", "amount")
    assert [tuple(each[name] for name in told) for each in given["lines"]] == [
        ("base_rate", base["id"], 1, 350, 350),
        ("mileage_rate", per_mile["id"], 150, 2.5, 375),
        ("fuel_surcharge", None, 150, 0.01, 1.5),
    ]
    assert (given["subtotal"], given["discount"], given["tax"], given["total"]) == (726.5, 0, 0, 726.5)
    assert (given["currency"], given["warnings"], given["margin"]) == ("USD", [], None)
    assert ask("GET", f"/quotes/{given['id']}").json() == given
    assert not {"org_id", "deleted_at", "promo_max_uses"} & given.keys()


def test_a_weekend_with_an_amenity() -> None:
    for body in (COACH_BASE, PER_MILE, WEEKEND):
        rule(body)
    assert ask("POST", "/amenities", {"code": "wifi", "name": "Wifi", "amount": 50}).status == 201
    assert quote(trip_date="2027-03-06", miles=200, amenities=["wifi"])["total"] == 1114.5


def test_a_changed_rule_holds_at_once_and_quotes_keep_the_former_values() -> None:
    per_mile = rule(PER_MILE)
    before = quote(miles=100)
    assert ask("PUT", f"/pricing-rules/{per_mile['id']}", {"amount": 2.75}).status == 200
    after = quote(miles=100)
    assert line(after, "mileage_rate")["amount"] == 275
    kept = ask("GET", f"/quotes/{before['id']}").json()
    assert line(kept, "mileage_rate")["amount"] == 250
    assert [(each["amount"], each["version"]) for each in kept["rules"]] == [(2.5, 1)]
    assert [(each["amount"], each["version"]) for each in after["rules"]] == [(2.75, 2)]


def test_quotes_are_found_by_client_and_status_newest_first() -> None:
    rule(COACH_BASE)
    first, second, third = quote(), quote(client_id=ZENITH), quote()

    def found(**query: str) -> list[str]:
        return [each["id"] for each in ask("GET", "/quotes", query=query).json()["items"]]

    assert found() == [third["id"], second["id"], first["id"]]
    assert found(client_id=ACME) == [third["id"], first["id"]]
    assert found(client_id=ACME, status="accepted") == []
    assert found(status="calculated", limit="1") == [third["id"]]
    assert ask("GET", "/quotes", query={"status": "lost"}).status == 422


def test_quotes_of_a_charter_are_found_by_it() -> None:
    rule(COACH_BASE)
    charter = "chr_01JQZZZZZZZZZZZZZZZZZZZZZZ"
    made = quote_service.price_trip(CALLER, REQUEST, charter_id=charter)
    store.commit(CALLER, *made.ops)
    found = ask("GET", "/quotes", query={"charter_id": charter}).json()["items"]
    assert [each["id"] for each in found] == [made.quote.id]


def test_clients_that_the_organization_does_not_have_are_not_found() -> None:
    made = rule(COACH_BASE)
    stranger = ids.new("cli")
    assert ask("POST", "/calculate-quote", {**ASKED, "client_id": stranger}).status == 404
    assert ask("POST", "/calculate-quote", ASKED, org_id=OTHER_ORG).status == 404
    special = {**COACH_BASE, "scope": "client", "client_id": stranger}
    assert ask("POST", "/pricing-rules", special).status == 404
    change = {"scope": "client", "client_id": stranger}
    assert ask("PUT", f"/pricing-rules/{made['id']}", change).status == 404


def test_a_price_for_a_booking_writes_nothing_until_the_booking_does() -> None:
    rule(COACH_BASE)
    made = quote_service.price_trip(
        CALLER, REQUEST, warnings=[Notice(code="hours_of_service", message="too long", blocking=True)]
    )
    assert ask("GET", f"/quotes/{made.quote.id}").status == 404
    store.commit(CALLER, *made.ops)
    stored = quote_service.get_quote(CALLER, made.quote.id)
    with pytest.raises(errors.Conflict, match="too long"):
        quote_acceptance.acceptance_ops(CALLER, stored)


def test_miles_that_one_driver_cannot_drive_in_a_day_block_the_quote() -> None:
    rule(PER_MILE)
    assert [each["code"] for each in quote(miles=600)["warnings"]] == ["hours_of_service"]
    assert quote(miles=600)["warnings"][0]["blocking"] is True
    assert quote(miles=600, requires_second_driver=True)["warnings"] == []
    assert quote(miles=600, days=2)["warnings"] == []


def test_the_tax_and_the_fuel_of_the_organization_count() -> None:
    rule(COACH_BASE, amount=100)
    before = store.get(Organization, ORGANIZATIONS.key(org=ORG))
    terms = {"tax_rate_percent": Decimal("8.875"), "fuel_surcharge_per_mile": Decimal("0.02"), "minimum_charge": 200_00}
    store.commit(CALLER, Update(before, before.model_copy(update=terms)))
    given = quote(miles=10)
    assert [(each["kind"], each["amount"]) for each in given["lines"]] == [
        ("base_rate", 100),
        ("fuel_surcharge", 0.2),
        ("minimum_charge", 99.8),
        ("tax", 17.75),
    ]
    assert given["total"] == 217.75


def test_a_margin_is_told_when_a_cost_is_known() -> None:
    rule(COACH_BASE)
    assert quote(miles=0, cost=280)["margin"] == {"cost": 280, "amount": 70, "percent": 20}


def test_a_quote_costs_three_small_reads_and_one_write_once_the_rules_are_known() -> None:
    for body in (COACH_BASE, PER_MILE, WEEKEND):
        rule(body)
    quote()
    calls = tally.calls
    quote()
    assert tally.calls - calls <= 5  # the signing key's look-up of the test token included


def test_the_same_idempotency_key_gives_the_first_quote_again() -> None:
    rule(COACH_BASE)
    first = ask("POST", "/calculate-quote", ASKED, headers={"idempotency-key": "one"})
    again = ask("POST", "/calculate-quote", ASKED, headers={"idempotency-key": "one"})
    assert again.json() == first.json()
    assert ask("POST", "/calculate-quote", {**ASKED, "miles": 1}, headers={"idempotency-key": "one"}).status == 422


def test_another_organization_sees_neither_quotes_nor_rules() -> None:
    made = rule(COACH_BASE)
    given = quote()
    assert ask("GET", f"/quotes/{given['id']}", org_id=OTHER_ORG).status == 404
    assert ask("GET", "/quotes", org_id=OTHER_ORG).json()["items"] == []
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/history")):
        body = {"amount": 1} if method == "PUT" else None
        assert ask(method, f"/pricing-rules/{made['id']}{path}", body, org_id=OTHER_ORG).status == 404
    theirs = ask("POST", "/calculate-quote", {**ASKED, "client_id": None}, org_id=OTHER_ORG).json()
    assert theirs["total"] == 1.5


@pytest.mark.parametrize(
    ("fields", "named"),
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
def test_a_senseless_question_is_refused_by_the_name_of_the_field(fields: dict[str, Any], named: str) -> None:
    reply = ask("POST", "/calculate-quote", {**ASKED, **fields})
    assert reply.status == 422, reply.text
    assert any(each["field"].split(".")[0] == named for each in reply.json()["errors"]), reply.text


def test_a_price_beyond_all_bounds_is_a_conflict() -> None:
    rule(PER_MILE, amount=1_000_000)
    assert ask("POST", "/calculate-quote", {**ASKED, "miles": 20_000}).status == 409


def test_roles_without_the_permission_are_kept_out() -> None:
    assert ask("POST", "/calculate-quote", ASKED, permissions="pricing:read").status == 403
    assert ask("GET", "/quotes", permissions="charters:write").status == 403
    assert ask("POST", "/pricing-rules", PER_MILE, permissions="pricing:read").status == 403


# Promo codes


def test_a_promo_code_is_used_when_its_quote_is_accepted_and_never_too_often() -> None:
    rule(COACH_BASE)
    assert ask("POST", "/promo-codes", {"code": "spring", "amount": 50, "max_uses": 3}).status == 201
    ids = [quote(promo_code="Spring", miles=0)["id"] for _ in range(8)]

    def accept(quote_id: str) -> bool:
        try:
            store.commit(CALLER, *quote_acceptance.acceptance_ops(CALLER, quote_service.get_quote(CALLER, quote_id)))
        except errors.Conflict:
            return False
        return True

    assert [accept(quote_id) for quote_id in ids].count(True) == 3
    (promo,) = ask("GET", "/promo-codes").json()["items"]
    assert (promo["uses_left"], promo["max_uses"]) == (0, 3)
    statuses = [ask("GET", f"/quotes/{quote_id}").json()["status"] for quote_id in ids]
    assert statuses.count("accepted") == 3
    late = quote(promo_code="SPRING", miles=0)
    assert (late["discount"], [each["code"] for each in late["warnings"]]) == (0, ["promo_used_up"])


def test_a_promo_code_takes_off_what_it_says() -> None:
    rule(COACH_BASE)
    ask("POST", "/promo-codes", {"code": "TEN", "percent": 10, "valid_until": "2027-05-31"})
    asked = REQUEST.model_copy(update={"promo_code": "TEN", "miles": Decimal(0)})
    with clock.frozen(datetime(2027, 6, 1, 3, 59, tzinfo=UTC)):
        given = quote_service.estimate_price(CALLER, asked)
        assert (given.subtotal, given.discount, given.total) == (350_00, 35_00, 315_00)
    with clock.frozen(datetime(2027, 6, 1, 4, tzinfo=UTC)):
        assert [each.code for each in quote_service.estimate_price(CALLER, asked).warnings] == ["promo_expired"]
    assert [each["code"] for each in quote(promo_code="nope")["warnings"]] == ["promo_unknown"]


def test_codes_are_unique() -> None:
    for path, body in (
        ("/promo-codes", {"code": "TEN", "percent": 10}),
        ("/amenities", {"code": "wifi", "name": "Wifi", "amount": 5}),
    ):
        assert ask("POST", path, body).status == 201
        again = ask("POST", path, {**body, "code": str(body["code"]).swapcase()})
        assert (again.status, again.json()["errors"][0]["field"]) == (409, "code")
        assert ask("POST", path, body, org_id=OTHER_ORG).status == 201
    assert [each["code"] for each in ask("GET", "/amenities").json()["items"]] == ["wifi"]
