"""Routes of pricing rules, and reads of the index."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence import transaction
from coachway.core.persistence.operations import Create, IncrementCounters
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import settings
from coachway.pricing import rule_cache
from coachway.pricing.rule_cache import _query_index
from coachway.pricing.rule_index import PAGE_SIZE, IndexPage, derive_rule_partition
from coachway.pricing.rule_model import ENTRIES, PricingRule, RuleEntry
from tests.integration.pricing.builders import (
    ACME,
    COACH_BASE,
    ORG,
    PER_MILE,
    WEEKEND,
    calculate_quote,
    create_rule,
    get_line,
    send_request,
)
from tests.unit.pricing.builders import base_rate, build_rule, mileage_rate


def list_entries(partition: str) -> list[str]:
    return [each.rule.id for each in query_all(RuleEntry, ENTRIES.partition(org=ORG, shelf=partition))]


def test_create_rule_stores_input() -> None:
    body = {
        **WEEKEND,
        "scope": "route",
        "route": "New York, NY > Atlantic City, NJ",
        "vehicle_class": "coach",
        "start_time": "22:00:00",
        "end_time": "06:00:00",
        "season_start": "12-20",
        "season_end": "01-05",
        "valid_from": "2027-01-01",
        "valid_until": "2027-12-31",
        "min_passengers": 10,
    }
    rule = create_rule(body)
    assert {name: rule[name] for name in body} == body
    reply = send_request("GET", f"/pricing-rules/{rule['id']}")
    assert reply.json() == rule
    assert reply.headers["ETag"] == '"1"'


def test_list_rules_is_newest_first_and_filtered() -> None:
    first, second = create_rule(COACH_BASE), create_rule(PER_MILE, client_id=ACME, scope="client")
    third = create_rule(PER_MILE, vehicle_class="coach", scope="vehicle")

    def list_ids(**query: str) -> list[str]:
        return [each["id"] for each in send_request("GET", "/pricing-rules", query=query).json()["items"]]

    assert list_ids() == [third["id"], second["id"], first["id"]]
    assert list_ids(rule_type="mileage_rate") == [third["id"], second["id"]]
    assert list_ids(rule_type="mileage_rate", scope="client") == [second["id"]]
    assert list_ids(client_id=ACME) == [second["id"]]
    assert list_ids(vehicle_class="coach") == [third["id"]]


def test_update_rule_records_changed_fields() -> None:
    rule = create_rule(PER_MILE)
    path = f"/pricing-rules/{rule['id']}"
    changed = send_request("PUT", path, {"amount": 2.75, "priority": 3})
    assert (changed.status, changed.json()["amount"], changed.json()["name"]) == (200, 2.75, "Per mile")
    send_request("DELETE", path)
    history = send_request("GET", f"{path}/history").json()["items"]
    assert [each["type"].partition(".")[2] for each in history] == ["created", "changed", "deleted"]
    assert history[1]["changes"] == [
        {"field": "amount", "old": 2.5, "new": 2.75},
        {"field": "priority", "old": 0, "new": 3},
    ]
    assert history[1]["actor"]["user_id"].startswith("usr_")


def test_update_rule_checks_if_match() -> None:
    path = f"/pricing-rules/{create_rule(PER_MILE)['id']}"
    assert send_request("PUT", path, {"amount": 3}, headers={"if-match": '"1"'}).status == 200
    assert send_request("PUT", path, {"amount": 4}, headers={"if-match": '"1"'}).status == 412
    assert send_request("DELETE", path, headers={"if-match": '"1"'}).status == 412
    assert send_request("DELETE", path, headers={"if-match": '"2"'}).status == 204
    assert send_request("GET", path).status == 404
    assert send_request("PUT", path, {"amount": 4}).status == 404


def test_update_rule_rejects_invalid_fields() -> None:
    path = f"/pricing-rules/{create_rule(PER_MILE)['id']}"
    for body, field in (
        ({"amount": None}, "amount"),
        ({"percent": 5}, "amount"),
        ({"scope": "client"}, "client_id"),
        ({"amount": -1}, "amount"),
        ({"surprise": 1}, "surprise"),
    ):
        reply = send_request("PUT", path, body)
        assert (reply.status, reply.json()["errors"][0]["field"]) == (422, field), reply.text


def test_index_entries_follow_rule_changes() -> None:
    rule = create_rule(PER_MILE, valid_from="2027-06-01", valid_until="2027-08-31")
    assert list_entries("global") == [rule["id"]] * 3
    path = f"/pricing-rules/{rule['id']}"
    send_request("PUT", path, {"vehicle_class": "coach", "scope": None, "valid_from": None})
    assert (list_entries("global"), list_entries("vehicle:coach")) == ([], [rule["id"]])
    assert send_request("GET", path).json()["scope"] == "vehicle"
    send_request("DELETE", path)
    assert list_entries("vehicle:coach") == []
    assert calculate_quote()["warnings"][0]["code"] == "no_rate"


def test_quote_uses_most_specific_of_many_rules() -> None:
    create_rule(PER_MILE, amount=9, priority=9999)
    create_rule(PER_MILE, amount=8, vehicle_class="coach", scope="vehicle")
    client_rule = create_rule(PER_MILE, amount=7, client_id=ACME, scope="client")
    assert get_line(calculate_quote(), "mileage_rate")["rule_id"] == client_rule["id"]
    route_rule = create_rule(PER_MILE, amount=6, route="here > there", scope="route")
    assert get_line(calculate_quote(route="Here → There"), "mileage_rate")["rule_id"] == route_rule["id"]
    send_request("DELETE", f"/pricing-rules/{client_rule['id']}")
    assert get_line(calculate_quote(), "mileage_rate")["unit_amount"] == 8


def test_quote_does_not_read_10000_rules(dynamodb: Any) -> None:
    first = date(2026, 6, 1)
    client_rule = mileage_rate(2_00, client_id=ACME, org_id=ORG)
    rules = [base_rate(org_id=ORG), client_rule]
    rules += [mileage_rate(n, org_id=ORG, client_id=f"cli_01JQ{n:022d}") for n in range(3000)]
    rules += [mileage_rate(n, org_id=ORG, route=f"Here > Place {n}") for n in range(2000)]
    rules += [
        build_rule("seasonal", org_id=ORG, percent=5, valid_from=day, valid_until=day)
        for day in (first + timedelta(days=n) for n in range(1000))
    ]
    rules += [mileage_rate(100 + n, org_id=ORG, priority=n) for n in range(4000)]
    _store_rules(dynamodb, rules)
    assert len(rules) > 10_000
    calls = call_stats.calls
    quote = calculate_quote()
    assert get_line(quote, "mileage_rate")["rule_id"] == client_rule.id
    assert get_line(quote, "seasonal")["amount"] == 32.5
    assert call_stats.calls - calls <= 30
    calls = call_stats.calls
    calculate_quote()
    assert call_stats.calls - calls <= 5


def _store_rules(dynamodb: Any, rules: list[PricingRule]) -> None:
    """Write many rules and their index entries directly."""
    puts: list[Any] = []
    for rule in rules:
        for op in rule_cache.index_ops_on_create(rule):
            if isinstance(op, Create):
                op.record.version = 1
                puts.append({"PutRequest": {"Item": transaction.to_item(op.record)}})
    for start in range(0, len(puts), 25):
        dynamodb.batch_write_item(RequestItems={settings.table_name(): puts[start : start + 25]})
    store.commit(
        Caller.system("tests", ORG),
        *(op for op in rule_cache.index_ops_on_create(rules[-1]) if isinstance(op, IncrementCounters)),
    )


def test_full_partition_is_read_until_a_rule_matches(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [mileage_rate(n + 1, org_id=ORG, priority=n) for n in range(1000)]
    assert {derive_rule_partition(each) for each in rules} == {"global"}
    _store_rules(dynamodb, rules)
    page_lengths: list[int] = []

    def count_rules(*args: Any) -> IndexPage:
        page = _query_index(*args)
        page_lengths.append(len(page.rules))
        return page

    monkeypatch.setattr(rule_cache, "_query_index", count_rules)
    assert get_line(calculate_quote(), "mileage_rate")["unit_amount"] == 10
    assert sum(page_lengths) <= 4 * PAGE_SIZE
