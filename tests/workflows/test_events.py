"""Events arrive, whatever happens to those who carry them, and each has its effect once."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from coachway.core.types import ids
from infra.local.emulator import emulator_process
from tests.stack import Stack, eventually
from tests.workflows.carrier import Carrier, has_one_mail
from tests.workflows.faults import Queue, Tap, failures, kill, latest_days, made, paused, recorded

pytestmark = pytest.mark.xdist_group("restart")


@pytest.fixture(scope="module")
def carrier(tap: Tap, own: Stack) -> Carrier:
    """Signed up when the tap was open already: it got everything."""
    return Carrier.opened(own)


def _all_published(carrier: Carrier, tap: Tap) -> None:
    """Everything that the table keeps went out, and of each aggregate in order."""
    kept = recorded(carrier)
    eventually(lambda: {each.event_id for each in kept} <= set(tap.ids()), 60, "not everything was published")
    first: dict[str, int] = {}
    for place, event_id in enumerate(tap.ids()):
        first.setdefault(event_id, place)
    last_of: dict[str, int] = {}
    for each in kept:
        place = first[each.event_id]
        assert place > last_of.get(each.aggregate_pk, -1), f"{each.type} overtook what happened before it"
        last_of[each.aggregate_pk] = place


def test_a_relay_killed_in_the_middle_of_a_batch_loses_nothing(own: Stack, carrier: Carrier, tap: Tap) -> None:
    charter = carrier.ask("POST", "/charters", carrier.trip())
    _all_published(carrier, tap)
    before, invited = failures(own, "relay"), []
    for attempt in range(8):
        tap.drawn()
        with paused(own, "relay"):
            # Of one aggregate: they go out one by one, which takes its time.
            for number in range(24):
                carrier.ask("PUT", f"/charters/{charter['id']}", {"notes": f"{attempt}/{number}"})
            invited.append(carrier.invite(f"relayed{attempt}"))
        tap.draws()
        kill(own, "relay")
        _all_published(carrier, tap)
        was_half_way = failures(own, "relay") > before and len(tap.ids()) > len(set(tap.ids()))
        if attempt >= 2 and was_half_way:
            break
    assert was_half_way, "no batch was cut off after some of it was published"
    for email in invited:
        has_one_mail(carrier, email)


def test_what_is_delivered_again_has_no_second_effect(carrier: Carrier, tap: Tap, queue: Queue) -> None:
    charter = carrier.quoted()
    assert carrier.accept(charter["token"]).is_success
    email = carrier.invite("again")
    carrier.stack.wait_for_mail(carrier.client_email, "^You are booked")
    has_one_mail(carrier, email)
    queue.is_empty()
    mails, records = len(carrier.stack.mails(carrier.slug)), carrier.notifications()
    tap.drawn()
    wanted = ("quote.sent", "charter.booked", "user.invited")
    bodies = [body for body in tap.bodies if carrier.org_id in body and json.loads(body)["detail-type"] in wanted]
    assert len(bodies) >= 3
    again = bodies * 2
    random.shuffle(again)
    queue.send(*again)
    queue.is_empty()
    assert len(carrier.stack.mails(carrier.slug)) == mails
    assert carrier.notifications() == records


def test_what_comes_late_and_out_of_order_has_its_effect_once(carrier: Carrier, own: Stack, queue: Queue) -> None:
    queue.is_empty()
    before = len(carrier.notifications())
    with queue.impatient(5):
        with paused(own, "messaging"):
            charter = carrier.quoted()
            assert carrier.accept(charter["token"]).is_success
            carrier.ask("POST", f"/charters/{charter['id']}/cancel", {"reason": "The event is off"})
            email = carrier.invite("late")
            eventually(lambda: queue.length() == 4, 30, "not everything reached the queue")
            bodies = queue.taken()
            queue.send(*reversed(bodies), *bodies)
        has_one_mail(carrier, email)
        queue.is_empty()
    subjects = [mail["Subject"] for mail in own.mails(carrier.client_email) if charter["number"] in mail["Subject"]]
    assert len(subjects) == 3
    records = carrier.notifications()[: len(carrier.notifications()) - before]
    assert sorted(each["template"] for each in records) == [
        "charter-booked",
        "charter-cancelled",
        "invitation",
        "quote-sent",
    ]
    assert {(each["status"], each["attempts"]) for each in records} == {("sent", 1)}


def test_news_of_weeks_ago_makes_no_mail(carrier: Carrier, tap: Tap, queue: Queue) -> None:
    email = carrier.invite("old")
    has_one_mail(carrier, email)
    tap.drawn()
    message = next(json.loads(body) for body in tap.bodies if email in body)
    long_ago = (datetime.now(UTC) - timedelta(days=20)).timestamp()
    stamp = int(long_ago * 1000).to_bytes(6, "big") + bytes(10)
    message["detail"]["event_id"] = ids.from_bytes("evt", stamp).removeprefix("evt_")
    queue.send(json.dumps(message))
    queue.is_empty()
    assert sorted(each["status"] for each in carrier.notifications(email)) == ["failed", "sent"]
    assert len(carrier.stack.mails(email)) == 1


def test_a_day_that_is_published_again_has_no_second_effect(carrier: Carrier, tap: Tap, queue: Queue) -> None:
    _all_published(carrier, tap)
    queue.is_empty()
    kept, published = recorded(carrier), Counter(tap.ids())
    mails, records = len(carrier.stack.mails(carrier.slug)), carrier.notifications()
    told = made(carrier.stack, "replay", carrier.org_id, *latest_days())
    assert told.endswith(f"Events published again: {len(kept)}\n")

    def again() -> bool:
        now = Counter(tap.ids())
        return all(now[each.event_id] == published[each.event_id] + 1 for each in kept)

    eventually(again, 30, "not everything was published again, once")
    queue.is_empty()
    assert len(carrier.stack.mails(carrier.slug)) == mails
    assert carrier.notifications() == records


def test_a_stack_restarted_under_load_loses_nothing(carrier: Carrier, own: Stack, tap: Tap, queue: Queue) -> None:
    """Callers try again, under the same Idempotency-Key, until they have an answer."""
    _all_published(carrier, tap)

    def invite(number: int) -> str:
        email = f"restart{number}@{carrier.slug}.example"
        person = {"email": email, "role": "staff", "first_name": "Sam", "last_name": "Tran"}
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            try:
                answer = carrier.send("POST", "/users/invite", person, idempotency_key=email)
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            if answer.status_code == 201:
                return email
            assert answer.status_code >= 500, answer.text
            time.sleep(0.2)
        raise AssertionError(f"{email} was not invited")

    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(invite, number) for number in range(60)]
        eventually(lambda: sum(each.done() for each in asked) > 10, 60)
        emulator_process.stop(own.config)
        stopped = datetime.now(UTC)
        emulator_process.start(own.config)
        invited = [each.result() for each in asked]
    _all_published(carrier, tap)
    queue.is_empty(150)
    for email in invited:
        has_one_mail(carrier, email, kept_since=stopped)
    users = [each["email"] for each in carrier.everything("/users")]
    assert sorted(email for email in users if email.startswith("restart")) == sorted(invited)
