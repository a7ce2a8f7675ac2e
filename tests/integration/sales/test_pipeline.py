"""The pipeline: counted from the events of leads, and read with two calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence import event_log
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from coachway.sales.pipeline import service as pipeline
from tests.integration.client import token_for
from tests.integration.sales.builders import CALLER, ORG, capture_lead, create_user, send
from tests.integration.sales.test_conversion import convert


def count_events() -> None:
    """Deliver all events of the organization, each twice."""
    for event in event_log.iterate_events(ORG):
        consumer = pipeline.CONSUMERS.get(event.type)
        if consumer is None:
            continue
        delivery = Delivery(
            event_id=event.event_id,
            type=event.type,
            org_id=ORG,
            aggregate_id="",
            correlation_id="c",
            data=event.data,
        )
        consumer(CALLER, delivery)
        consumer(CALLER, delivery)


def get_pipeline(**query: str) -> dict[str, Any]:
    reply = send("GET", "/leads/pipeline", query=query)
    assert reply.status == 200, reply.text
    return dict(reply.json())


def stage(figures: dict[str, Any], status: str) -> dict[str, Any]:
    return next(each for each in figures["stages"] if each["status"] == status)


def by_agent(figures: dict[str, Any]) -> dict[str | None, dict[str, int]]:
    return {
        each["agent_id"]: {status: count for status, count in each["by_status"].items() if count}
        for each in figures["agents"]
    }


def set_status(lead: dict[str, Any], status: str, **fields: Any) -> None:
    reply = send("PUT", f"/leads/{lead['id']}", {"status": status, **fields})
    assert reply.status == 200, reply.text


def test_leads_are_counted_by_status_agent_and_age() -> None:
    sarah, tom = create_user("Sarah"), create_user("Tom")
    now = datetime(2027, 3, 20, 12, tzinfo=UTC)
    with clock.frozen(now - timedelta(days=20)):
        old = capture_lead(assigned_to_agent_id=sarah)
        moved = capture_lead(assigned_to_agent_id=sarah)
        merged = capture_lead()
    with clock.frozen(now - timedelta(days=5)):
        set_status(moved, "qualified", assigned_to_agent_id=tom)
        capture_lead()
        lost = capture_lead(assigned_to_agent_id=tom)
    with clock.frozen(now):
        set_status(lost, "dead", lost_reason="price")
        assert send("POST", f"/leads/{old['id']}/merge", {"other_lead_id": merged["id"]}).status == 200
        count_events()
        figures = get_pipeline()
    ages = ("days_0_to_2", "days_3_to_7", "days_8_to_14", "days_15_or_more")
    assert {name: [stage(figures, name)[each] for each in ("count", *ages)] for name in ("new", "qualified")} == {
        "new": [2, 0, 1, 0, 1],
        "qualified": [1, 0, 1, 0, 0],
    }
    assert stage(figures, "dead")["count"] == 1
    assert by_agent(figures) == {None: {"new": 1}, sarah: {"new": 1}, tom: {"qualified": 1, "dead": 1}}


def test_conversion_is_counted_by_source_and_agent() -> None:
    sarah = create_user("Sarah")
    captured_at = datetime(2027, 2, 27, 12, tzinfo=UTC)
    with clock.frozen(captured_at):
        leads = [capture_lead(assigned_to_agent_id=sarah, source="phone") for _ in range(2)]
        capture_lead(source="web")
    with clock.frozen(captured_at + timedelta(days=3)):
        total = convert(leads[0]["id"])
        assert total.status == 200, total.text
        count_events()
        figures = get_pipeline(months="2")
        this_month = get_pipeline(months="1")
    by_source = {each.pop("source"): each for each in figures["by_source"]}
    assert {name: (each["leads"], each["converted"], each["rate"]) for name, each in by_source.items()} == {
        "web": (1, 0, 0.0),
        "phone": (2, 1, 0.5),
        "email": (0, 0, None),
        "referral": (0, 0, None),
        "walk_in": (0, 0, None),
        "partner": (0, 0, None),
        "annual_requote": (0, 0, None),
    }
    (agent,) = figures["by_agent"]
    assert (agent["agent_id"], agent["rate"], agent["average_hours"]) == (sarah, 0.5, 72.0)
    assert (figures["total"]["leads"], figures["total"]["converted"], figures["since"]) == (3, 1, "2027-02-01")
    assert (this_month["total"]["leads"], this_month["since"]) == (0, "2027-03-01")


def test_rebuilt_counters_equal_the_consumed_ones() -> None:
    sarah = create_user("Sarah")
    lead = capture_lead(assigned_to_agent_id=sarah)
    set_status(lead, "contacted")
    convert(capture_lead()["id"])
    count_events()
    figures = get_pipeline()
    assert pipeline.rebuild_pipeline(ORG) > 0
    assert get_pipeline() == figures


def test_pipeline_is_two_calls() -> None:
    capture_lead()
    count_events()
    token = token_for("sales:read")
    before = call_stats.calls
    assert send("GET", "/leads/pipeline", query={"months": "12"}, token=token).status == 200
    assert call_stats.calls - before == 2


def test_pipeline_without_leads_is_zero() -> None:
    figures = get_pipeline()
    assert (figures["agents"], figures["total"]["leads"], stage(figures, "new")["count"]) == ([], 0, 0)


def test_pipeline_of_other_months_is_refused() -> None:
    assert send("GET", "/leads/pipeline", query={"months": "13"}).status == 422
