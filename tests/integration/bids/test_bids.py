"""Bids, requests and the award through their routes, on the table in memory."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from coachway.bids import expiry_job
from coachway.bids.awards import award as award_award
from coachway.bids.model import BID, Bid
from coachway.bids.requests import consumers as request_consumers
from coachway.bids.requests import service as requests
from coachway.bids.requests import workflow as request_workflow
from coachway.bookings.charters import coverage
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import CHARTER, Cover
from coachway.core import errors, store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Create
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock, settings
from coachway.core.types import ids
from coachway.core.workflows import executions
from tests.integration import carriers
from tests.integration.bids.office import (
    SYSTEM,
    ask,
    bid,
    booked,
    charter,
    closed,
    done,
    found,
    now_of,
    offer,
    opened,
    ranked,
    vendor,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


def test_the_worked_example() -> None:
    trip, ven = booked(), carriers.approved(service_states=["NY"], service_radius_miles=None)["id"]
    refused = ask("POST", "/bids", offer(trip["id"]), vendor=ven)
    assert refused.status == 409
    assert "Missing required document: business_license" in refused.text
    assert len(refused.json()["errors"]) == 5
    for kind in carriers.REQUIRED:
        carriers.document(ven, kind, status="approved", expiration_date="2028-01-01")
    made = done("POST", "/bids", {**offer(trip["id"]), "vendor_id": ven})
    assert (made["status"], made["quoted_price"], made["vehicle_count"], made["rank"]) == ("draft", 1250.0, 1, None)
    sent = done("POST", f"/bids/{made['id']}/submit", vendor=ven)
    assert (sent["status"], sent["rank"], sent["is_lowest_bid"]) == ("submitted", 1, True)
    won = done("POST", f"/bids/{made['id']}/accept", {"decision": "accept", "reason": "Best price and great reviews"})
    assert (won["status"], won["decision_reason"]) == ("accepted", "Best price and great reviews")
    assert (won["vehicles_awarded"], won["payout_date"]) == ([1], "2027-04-02")
    run = now_of(trip["id"])
    assert (run["status"], run["vendor_id"], run["vendor_ids"]) == ("confirmed", ven, [ven])


def test_a_refusal_names_everything_that_is_in_the_way() -> None:
    trip = booked(passengers=40, amenities=[])
    ven = vendor(service_states=["CA"], max_passenger_capacity=30, vehicle_types=["minibus"])
    carriers.ask("PATCH", f"/vendors/{ven}/status", query={"new_status": "suspended"})
    refused = ask("POST", "/bids", offer(trip["id"], passenger_capacity=20, vehicle_type="minibus"), vendor=ven)
    said = [each["message"] for each in refused.json()["errors"]]
    for part in ("suspended", "Service area", "seats 30", "class coach", "seats 20", "class minibus"):
        assert any(part in each for each in said), said


def test_while_a_request_is_sealed_only_the_vendor_sees_its_price_and_nobody_a_rank() -> None:
    trip, one, two = booked(), vendor("One"), vendor("Two")
    request = opened(trip["id"], one, two)
    mine = bid(trip["id"], one, 1234.56)
    bid(trip["id"], two, 1111.11)
    assert (mine["quoted_price"], mine["rank"], mine["is_lowest_bid"], mine["is_sealed"]) == (1234.56, None, None, True)
    assert done("GET", f"/bids/{mine['id']}", vendor=one)["quoted_price"] == 1234.56
    told = [
        ask("GET", f"/bids/{mine['id']}"),
        ask("GET", "/bids", query={"charter_id": trip["id"]}),
        ask("GET", "/bids", query={"vendor_id": one}),
        ask("GET", "/bids"),
        ask("GET", f"/charters/{trip['id']}/bids/comparison"),
        ask("GET", f"/bid-requests/{request['id']}"),
        ask("GET", "/bids", vendor=two, query={"charter_id": trip["id"]}),
    ]
    for reply in told:
        assert reply.status == 200, reply.text
        assert "1234.56" not in reply.text
        assert '"rank":1' not in reply.text.replace(" ", "")
    assert ask("GET", f"/bids/{mine['id']}", vendor=two).status == 404
    events = store.history(BID.key(org=ORG, id=mine["id"]))
    assert "1234.56" not in json.dumps([each.model_dump(mode="json") for each in events])
    assert ask("POST", f"/bids/{mine['id']}/accept", {"decision": "accept"}).status == 409
    assert ask("POST", f"/bids/{mine['id']}/reject", {"decision": "reject"}).status == 409

    done("POST", f"/bid-requests/{request['id']}/close", {"reason": "All have answered"})
    seen = done("GET", f"/bids/{mine['id']}")
    assert (seen["quoted_price"], seen["rank"], seen["price_difference_from_lowest"]) == (1234.56, 2, 123.45)
    known = done("GET", f"/bid-requests/{request['id']}")
    assert (known["status"], known["closed_early"], known["status_reason"]) == ("closed", True, "All have answered")
    assert known["closed_by"].startswith("usr_")
    compared = done("GET", f"/charters/{trip['id']}/bids/comparison")
    assert [each["vendor_name"] for each in compared["bids"]] == ["Two", "One"]
    assert (compared["lowest_price"], compared["highest_price"]) == (1111.11, 1234.56)


def test_no_record_event_or_log_tells_a_sealed_price(dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    trip, one = booked(), vendor("One")
    opened(trip["id"], one)
    made = done(
        "POST", "/bids", offer(trip["id"], 1234.56, fuel_surcharge=77.88, notes="A third under yours"), vendor=one
    )
    done("PUT", f"/bids/{made['id']}", {"quoted_price": 2345.67}, vendor=one)
    done("POST", f"/bids/{made['id']}/submit", vendor=one)
    items = dynamodb.scan(TableName=settings.table_name())["Items"]
    told = [each for each in items if each["pk"]["S"] != f"ORG#{ORG}#BID#{made['id']}" or each["sk"]["S"] != "HEAD"]
    assert len(told) == len(items) - 1
    secrets = ("1234.56", "123456", "2345.67", "234567", "77.88", "7788", "A third under yours")
    said = json.dumps(told) + capsys.readouterr().out
    assert "bid.submitted" in said
    assert [each for each in secrets if each in said] == []


def test_a_bid_from_before_does_not_tell_the_rank_of_sealed_ones() -> None:
    trip, one, two = booked(), vendor("One"), vendor("Two")
    early = bid(trip["id"], one, 900)
    opened(trip["id"], two)
    bid(trip["id"], two, 800)
    assert done("GET", f"/bids/{early['id']}")["rank"] == 1
    listed = done("GET", "/bids", query={"charter_id": trip["id"]})["items"]
    assert [(each["rank"], each["quoted_price"]) for each in listed] == [(1, 900.0), (None, None)]
    assert {each["rank"] for each in done("GET", f"/charters/{trip['id']}/bids/comparison")["bids"]} == {None}


def test_the_others_are_rejected_with_a_reason() -> None:
    trip, one, two = booked(), vendor("One"), vendor("Two")
    low, high = bid(trip["id"], one, 1000), bid(trip["id"], two, 1100)
    done("POST", f"/bids/{low['id']}/accept", {"decision": "accept", "reason": "Best"})
    lost = done("GET", f"/bids/{high['id']}", vendor=two)
    assert (lost["status"], lost["decision_reason"]) == ("rejected", "A lower bid was chosen")
    again = ask("POST", f"/bids/{high['id']}/accept", {"decision": "accept"})
    assert again.status == 409


def test_each_vehicle_is_awarded_once() -> None:
    trip = booked(vehicle_count=3, passengers=120)
    one, two, three = vendor("One"), vendor("Two"), vendor("Three")
    for_two = bid(trip["id"], one, 2000, vehicle_count=2)
    for_one = bid(trip["id"], two, 1100, vehicle_count=1)
    for_all = bid(trip["id"], three, 3300)
    assert [for_two["rank"], for_all["vehicle_count"]] == [1, 3]
    done("POST", f"/bids/{for_two['id']}/accept", {"decision": "accept"})
    half = now_of(trip["id"])
    assert (half["status"], half["vendor_ids"]) == ("booked", [one])
    too_many = ask("POST", f"/bids/{for_all['id']}/accept", {"decision": "accept"})
    assert (too_many.status, too_many.json()["title"]) == (409, "Too few vehicles left to award")
    last = done("POST", f"/bids/{for_one['id']}/accept", {"decision": "accept"})
    assert last["vehicles_awarded"] == [3]
    whole = now_of(trip["id"])
    assert (whole["status"], whole["vendor_ids"]) == ("confirmed", [one, two])
    assert done("GET", f"/bids/{for_all['id']}")["status"] == "rejected"


def test_a_charter_that_is_booked_after_its_award_is_confirmed_then() -> None:
    trip, ven = charter(), vendor()
    made = bid(trip["id"], ven)
    done("POST", f"/bids/{made['id']}/accept", {"decision": "accept"})
    assert now_of(trip["id"])["status"] == "quote"
    booking_builders.ask("POST", f"/charters/{trip['id']}/status", {"status": "booked", "accepted_by": "Dana"})
    award_award.confirm_if_covered(SYSTEM, trip["id"])
    assert now_of(trip["id"])["status"] == "confirmed"


def test_the_lowest_bid_is_awarded_by_itself_when_it_is_cheap_and_its_vendor_trusted() -> None:
    trip, one, two = booked(), vendor("One", is_preferred=True), vendor("Two")
    request = opened(trip["id"], target_price=1400)
    bid(trip["id"], one, 1260)
    bid(trip["id"], two, 1300)
    closed(request["id"])
    assert ranked(request["id"]).go == "settle"
    known = done("GET", f"/bid-requests/{request['id']}")
    assert known["status"] == "awarded"
    assert now_of(trip["id"])["vendor_id"] == one


@pytest.mark.parametrize(("price", "preferred"), [(1260.01, True), (1260, False)])
def test_otherwise_a_manager_decides(price: float, preferred: bool) -> None:
    trip, one = booked(), vendor("One", is_preferred=preferred)
    request = opened(trip["id"], one, target_price=1400)
    made = bid(trip["id"], one, price)
    closed(request["id"])
    assert ranked(request["id"]).go == "ask"
    done("POST", f"/bids/{made['id']}/accept", {"decision": "accept"})
    assert done("GET", f"/bid-requests/{request['id']}")["status"] == "awarded"


def test_a_vendor_suspended_between_bid_and_award_does_not_win() -> None:
    trip, one, two = booked(), vendor("One", is_preferred=True), vendor("Two", is_preferred=True)
    request = opened(trip["id"], target_price=2000)
    low, high = bid(trip["id"], one, 1000), bid(trip["id"], two, 1100)
    carriers.ask("PATCH", f"/vendors/{one}/status", query={"new_status": "suspended"})
    closed(request["id"])
    refused = ask("POST", f"/bids/{low['id']}/accept", {"decision": "accept"})
    assert (refused.status, "suspended" in refused.text) == (409, True)
    assert ranked(request["id"]).go == "settle"
    assert now_of(trip["id"])["vendor_id"] == two
    lost = done("GET", f"/bids/{low['id']}")
    assert (lost["status"], "suspended" in lost["decision_reason"]) == ("rejected", True)
    assert done("GET", f"/bids/{high['id']}")["status"] == "accepted"


def test_nobody_bids_and_staff_extend_it() -> None:
    trip, one = booked(), vendor("One")
    request = opened(trip["id"], one)
    closed(request["id"])
    assert ranked(request["id"]).go == "settle"
    assert done("GET", f"/bid-requests/{request['id']}")["status"] == "no_bids"
    later = {"deadline": (clock.now() + timedelta(hours=48)).isoformat()}
    anew = done("POST", f"/bid-requests/{request['id']}/extend", later)
    assert anew["status"] == "open"
    types = [each.type for each in store.history(requests.get(SYSTEM, request["id"]).key())]
    assert types.count("bidding.opened") == 2
    bid(trip["id"], one)


def test_matching_explains_itself() -> None:
    trip = booked()
    near = vendor("Near", garage_latitude=40.73, garage_longitude=-74.17, service_radius_miles=50)
    far = vendor("Far", garage_latitude=42.36, garage_longitude=-71.06, service_radius_miles=50)
    small = vendor("Small", max_passenger_capacity=20)
    request = opened(trip["id"])
    known = {each["vendor_id"]: each for each in done("GET", f"/bid-requests/{request['id']}")["vendors"]}
    assert (known[near]["invited"], known[near]["reasons"]) == (True, [])
    assert not known[far]["invited"]
    assert "50 miles from the garage" in known[far]["reasons"][0]
    assert "seats 20" in known[small]["reasons"][0]
    mine = done("GET", "/bid-requests", vendor=near)["items"]
    assert [each["id"] for each in mine] == [request["id"]]
    assert "target_price" not in json.dumps(mine).replace('"target_price": null', "")
    assert done("GET", "/bid-requests", vendor=far)["items"] == []
    assert ask("GET", f"/bid-requests/{request['id']}", vendor=far).status == 404


def test_who_is_invited_has_what_is_asked_for_and_papers_for_the_trips_last_day() -> None:
    trip = booked()
    vendor("Fit", is_ada_compliant=True, until=date(2027, 3, 3))
    vendor("Steps", is_ada_compliant=False)
    vendor("Late", is_ada_compliant=True, until=date(2027, 3, 2))
    vendor("Small", is_ada_compliant=True, vehicle_types=["minibus"])
    request = opened(trip["id"], requires_ada=True)
    known = {each["vendor_name"]: each for each in done("GET", f"/bid-requests/{request['id']}")["vendors"]}
    assert [name for name, each in known.items() if each["invited"]] == ["Fit"]
    for name, reason in {"Steps": "ADA", "Late": "expired on 2027-03-03", "Small": "class coach"}.items():
        assert any(reason in each for each in known[name]["reasons"]), known[name]


def test_inviting_twice_invites_once() -> None:
    from coachway.bids.requests import invitations

    trip, one = booked(), vendor("One")
    request = opened(trip["id"], one)
    invitations.invite(SYSTEM, request["id"])
    [invitation] = requests.list_invitations(ORG, request["id"])
    assert [each.type for each in store.history(invitation.key())] == ["bidding.invited"]


def test_a_deadline_leaves_two_hours_and_lies_before_the_trip() -> None:
    trip, one = booked(), vendor("One")
    for at in (clock.now() + timedelta(minutes=119), clock.now() + timedelta(days=31)):
        body = {"deadline": at.isoformat(), "vendor_ids": [one]}
        assert ask("POST", f"/charters/{trip['id']}/bid-requests", body).status == 422
    opened(trip["id"], one)
    body = {"deadline": (clock.now() + timedelta(hours=5)).isoformat(), "vendor_ids": [one]}
    assert ask("POST", f"/charters/{trip['id']}/bid-requests", body).status == 409


def test_bids_expire_72_hours_after_they_can_be_accepted() -> None:
    trip, one, two = booked(), vendor("One"), vendor("Two")
    free = bid(trip["id"], two)
    request = opened(trip["id"], one, hours=48)
    sealed = bid(trip["id"], one)
    start = clock.now()
    with clock.frozen(start + timedelta(hours=73)):
        done_ = expiry_job.run()
        assert (done_.expired, done_.failed) == (1, 0)
        assert done("GET", f"/bids/{free['id']}")["status"] == "expired"
        closed(request["id"])
        assert done("GET", f"/bids/{sealed['id']}")["status"] == "submitted"
    with clock.frozen(start + timedelta(hours=48 + 73)):
        refused = ask("POST", f"/bids/{sealed['id']}/accept", {"decision": "accept"})
        assert (refused.status, refused.json()["title"]) == (409, "The bid has expired")
        assert expiry_job.run().expired == 1


def test_a_cancelled_charter_needs_no_bids() -> None:
    trip, one = booked(), vendor("One")
    request = opened(trip["id"], one)
    made = bid(trip["id"], one)
    booking_builders.ask("POST", f"/charters/{trip['id']}/cancel", {"reason": "off"})
    said = {"event_id": "e", "type": "charter.cancelled", "org_id": ORG, "aggregate_id": trip["id"]}
    for _ in range(2):
        request_consumers.on_charter_cancelled(SYSTEM, Delivery(**said, correlation_id="c", data={}))
    assert done("GET", f"/bid-requests/{request['id']}")["status"] == "cancelled"
    assert done("GET", f"/bids/{made['id']}")["status"] == "rejected"


def test_a_charter_whose_vehicles_all_got_drivers_needs_no_bids() -> None:
    trip, one = booked(), vendor("One")
    request = opened(trip["id"], one)
    made = bid(trip["id"], one)
    before = charter_queries.get_charter(SYSTEM, trip["id"])
    own = Cover(vehicle=1, assignment_id="asg_1", driver_id="drv_1")
    store.commit(SYSTEM, *coverage.cover_ops(SYSTEM, before, [own], "assigned"))
    said = {"event_id": "e", "type": "charter.confirmed", "org_id": ORG, "aggregate_id": trip["id"]}
    for _ in range(2):
        request_consumers.on_charter_confirmed(SYSTEM, Delivery(**said, correlation_id="c", data={}))
    ended = done("GET", f"/bid-requests/{request['id']}")
    assert (ended["status"], ended["status_reason"]) == ("cancelled", "Nothing is left to bid for")
    assert done("GET", f"/bids/{made['id']}")["status"] == "rejected"


def test_a_vendor_has_one_bid_under_way_and_may_withdraw_it() -> None:
    trip, one = booked(), vendor("One")
    made = bid(trip["id"], one)
    assert ask("POST", "/bids", offer(trip["id"]), vendor=one).status == 409
    assert done("POST", f"/bids/{made['id']}/withdraw", vendor=one)["status"] == "withdrawn"
    bid(trip["id"], one, 1000)


def test_a_draft_is_changed_and_a_submitted_bid_is_not() -> None:
    trip, one = booked(), vendor("One")
    made = done("POST", "/bids", offer(trip["id"]), vendor=one)
    changed = done("PUT", f"/bids/{made['id']}", {"quoted_price": 999.5}, vendor=one)
    assert (changed["quoted_price"], changed["driver_name"], changed["version"]) == (999.5, "Mike Johnson", 2)
    done("POST", f"/bids/{made['id']}/submit", vendor=one)
    assert ask("PUT", f"/bids/{made['id']}", {"quoted_price": 900}, vendor=one).status == 409
    assert ask("PUT", f"/bids/{made['id']}", {"quoted_price": 900}, vendor=vendor("Two")).status == 404


def test_a_hundred_losers_are_all_told() -> None:
    trip, winner = booked(), vendor("Winner")
    made = bid(trip["id"], winner, 500)
    kept = store.get(Bid, BID.key(org=ORG, id=made["id"]))
    for number in range(100):
        other = kept.model_copy(update={"id": ids.new("bid"), "vendor_id": f"ven_{number}", "version": 0})
        store.commit(SYSTEM, Create(other))
    done("POST", f"/bids/{made['id']}/accept", {"decision": "accept"})
    pages, cursor = list[Any](), None
    while True:
        query = {"charter_id": trip["id"], "limit": "100", **({"cursor": cursor} if cursor else {})}
        page = done("GET", "/bids", query=query)
        pages, cursor = pages + page["items"], page["next_cursor"]
        if cursor is None:
            break
    assert Counter(each["status"] for each in pages) == {"accepted": 1, "rejected": 100}
    assert all(each["decision_reason"] for each in pages if each["status"] == "rejected")


def test_the_flow_looks_where_it_stands() -> None:
    trip, one = booked(), vendor("One")
    deadline = clock.now() + timedelta(hours=24)
    body = {"deadline": deadline.isoformat(), "vendor_ids": [one]}
    request_id = done("POST", f"/charters/{trip['id']}/bid-requests", body)["id"]

    def look(
        execution: str = "first", *, round_: int = 1, redriven: bool = False, waited: str = ""
    ) -> request_workflow.Next:
        return request_workflow.next_step(
            SYSTEM, request_id, execution=execution, round_=round_, redriven=redriven, waited=waited
        )

    assert look().go == "invite"
    assert look("second").go == "over"
    request_workflow.invite(SYSTEM, request_id)
    waiting = look()
    assert (waiting.go, 86000 < waiting.seconds <= 86400) == ("wait", True)
    assert look("third", redriven=True).go == "wait"
    assert look().go == "over"
    assert look("third", waited="2020-01-01T00:00:00+00:00").go == "wait"
    assert look("third", waited=waiting.deadline).go == "rank"
    assert request_workflow.decide_award(SYSTEM, request_id).go == "settle"


def test_a_failure_is_told_on_the_charter_until_the_flow_goes_on() -> None:
    trip, one = booked(), vendor("One")
    request_id = opened(trip["id"], one)["id"]
    request_workflow.record_failure(SYSTEM, request_id, state="Rank", failure={"Error": "Boom", "Cause": "secret"})
    assert done("GET", f"/bid-requests/{request_id}")["failure"]["error"] == "Boom"
    known = now_of(trip["id"])["flow_failures"]
    assert (known["bidding"]["state"], known["bidding"]["error"]) == ("Rank", "Boom")
    assert (
        request_workflow.next_step(SYSTEM, request_id, execution="r1", round_=1, redriven=True, waited="").go == "wait"
    )
    assert done("GET", f"/bid-requests/{request_id}")["failure"] is None
    assert now_of(trip["id"])["flow_failures"] == {}
    events = store.history(CHARTER.key(org=ORG, id=trip["id"]))
    assert [each.type for each in events][-2:] == ["charter.flow_failed", "charter.flow_resumed"]
    assert events[-2].data["error"] == "Boom"
    assert "secret" not in json.dumps([each.model_dump(mode="json") for each in events])


@pytest.mark.parametrize("ending", ["cancel", "award"])
def test_a_failure_is_of_no_interest_once_bidding_is_over(ending: str) -> None:
    trip, one = booked(), vendor("One")
    request_id, made = opened(trip["id"], one)["id"], bid(trip["id"], one)
    closed(request_id)
    request_workflow.record_failure(SYSTEM, request_id, state="Rank", failure={"Error": "Boom"})
    if ending == "cancel":
        done("POST", f"/bid-requests/{request_id}/cancel", {"reason": "off"})
    else:
        done("POST", f"/bids/{made['id']}/accept", {"decision": "accept"})
    assert now_of(trip["id"])["flow_failures"] == {}
    assert done("GET", f"/bid-requests/{request_id}")["failure"] is None


def test_the_failure_for_a_charter_that_was_deleted_is_kept_on_the_request() -> None:
    trip, one = charter(), vendor("One")
    request_id = opened(trip["id"], one)["id"]
    assert booking_builders.ask("DELETE", f"/charters/{trip['id']}").status == 204
    request_workflow.record_failure(SYSTEM, request_id, state="Look", failure={})
    assert done("GET", f"/bid-requests/{request_id}")["failure"]["error"] == "unknown"


def test_a_token_is_answered_once_its_reason_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    answered: list[str] = []

    class Client:
        def send_task_success(self, **given: str) -> None:
            answered.append(given["taskToken"])

    monkeypatch.setattr(executions, "_client", Client)
    trip, one = booked(), vendor("One")
    request_id = opened(trip["id"], one)["id"]
    deadline = request_workflow.next_step(
        SYSTEM, request_id, execution="e", round_=1, redriven=False, waited=""
    ).deadline
    request_workflow.wait_for_signal(SYSTEM, request_id, token="t1", waits_for="deadline", deadline=deadline)
    assert answered == []
    done("POST", f"/bid-requests/{request_id}/close", {"reason": ""})
    event = {"event_id": "e", "type": "bidding.closed", "org_id": ORG, "aggregate_id": request_id}
    delivery = Delivery(**event, correlation_id="c", data={"bid_request_id": request_id})
    request_consumers.resume_workflow(SYSTEM, delivery)
    request_consumers.resume_workflow(SYSTEM, delivery)
    assert answered == ["t1"]
    request_workflow.wait_for_signal(SYSTEM, request_id, token="t2", waits_for="decision", deadline="")
    request_consumers.resume_workflow(SYSTEM, delivery)
    assert answered == ["t1"]
    kept = executions.find(SYSTEM, request_id)
    assert kept is not None
    assert kept.token == "t2"
    done("POST", f"/bid-requests/{request_id}/cancel", {"reason": "off"})
    request_consumers.resume_workflow(SYSTEM, delivery)
    assert answered == ["t1", "t2"]


def test_two_who_award_at_once_do_not_both_succeed(monkeypatch: pytest.MonkeyPatch) -> None:
    trip, one, two = booked(), vendor("One"), vendor("Two")
    first, second = bid(trip["id"], one), bid(trip["id"], two, 1300)
    commit, raced = store.commit, list[str]()

    def racing(*given: Any, **more: Any) -> None:
        if not raced:
            raced.append("once")
            award_award.award(SYSTEM, [second["id"]], "faster")
        commit(*given, **more)

    monkeypatch.setattr(store, "commit", racing)
    with pytest.raises(errors.Conflict):
        award_award.award(SYSTEM, [first["id"]], "slower")
    assert now_of(trip["id"])["vendor_ids"] == [two]


def calls_of(method: str, path: str, body: Any = None, *, vendor: str = "") -> int:
    """How many calls to the table a request makes; each token that is made for it looks up the signing keys."""
    tokens = 2 if vendor else 1
    before = call_stats.calls
    done(method, path, body, vendor=vendor)
    return call_stats.calls - before - tokens


def test_submitting_makes_four_calls_and_awarding_five() -> None:
    trip, first, second = booked()["id"], vendor("One"), vendor("Two")
    cheap = done("POST", "/bids", offer(trip, 700), vendor=first)["id"]
    dear = done("POST", "/bids", offer(trip, 800), vendor=second)["id"]
    assert calls_of("POST", f"/bids/{cheap}/submit", vendor=first) == 4
    assert calls_of("POST", f"/bids/{dear}/submit", vendor=second) == 4
    assert calls_of("POST", f"/bids/{cheap}/accept", {}) == 5
    assert [done("GET", f"/bids/{bid_id}")["status"] for bid_id in (cheap, dear)] == ["accepted", "rejected"]
