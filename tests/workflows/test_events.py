"""Events arrive, whatever happens to those who carry them, and each has its effect once."""

from __future__ import annotations

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from coachway.bookings.model import CHARTER
from coachway.core import ids
from coachway.core.events import HISTORY, Actor, Envelope
from coachway.core.writes import item
from infra.local import emulator
from tests.stack import Stack, eventually, obtain
from tests.workflows.carrier import Carrier
from tests.workflows.faults import Queue, Tap, failures, kill, made, paused, recorded, today

pytestmark = pytest.mark.xdist_group("restart")


@pytest.fixture(scope="module")
def own() -> Stack:
    """Shared with nobody who would not like processes to be killed under them."""
    return obtain("restart")


@pytest.fixture(scope="module")
def tap(own: Stack) -> Tap:
    return Tap(own)


@pytest.fixture(scope="module")
def carrier(tap: Tap, own: Stack) -> Carrier:
    """Signed up when the tap was open already: it got everything."""
    return Carrier.opened(own)


@pytest.fixture(scope="module")
def queue(own: Stack) -> Queue:
    return Queue(own, "messaging")


def _has_one_mail(carrier: Carrier, email: str, *, kept_since: datetime | None = None) -> None:
    """One record of a message, sent; one mail, or one for each sender that was cut off after sending.

    The emulator forgets mails when it stops: what was sent before `kept_since` is known by its record only.
    """

    def sent() -> dict[str, Any] | None:
        known = carrier.notifications(email)
        assert len(known) <= 1, known
        return known[0] if known and known[0]["status"] == "sent" else None

    record = eventually(sent, 90, f"the message to {email} was not sent")
    is_kept = kept_since is None or datetime.fromisoformat(record["sent_at"]) > kept_since
    assert is_kept <= len(carrier.stack.mails(email)) <= record["attempts"]


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
    before = failures(own, "relay")
    invited = []
    for attempt in range(3):
        tap.drawn()
        with paused(own, "relay"):
            # Of one aggregate: they go out one by one, which takes its time.
            for number in range(20):
                carrier.ask("PUT", f"/charters/{charter['id']}", {"notes": f"{attempt}/{number}"})
            invited.append(carrier.invite(f"relayed{attempt}"))
        tap.draws()
        kill(own, "relay")
    _all_published(carrier, tap)
    assert failures(own, "relay") > before, "no batch was cut off"
    assert len(tap.ids()) > len(set(tap.ids())), "nothing was published twice, so no batch was cut off half-way"
    for email in invited:
        _has_one_mail(carrier, email)


def test_what_is_delivered_again_has_no_second_effect(carrier: Carrier, tap: Tap, queue: Queue) -> None:
    charter = carrier.quoted()
    assert carrier.accept(charter["token"]).is_success
    email = carrier.invite("again")
    carrier.stack.wait_for_mail(carrier.client_email, "^You are booked")
    _has_one_mail(carrier, email)
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
        _has_one_mail(carrier, email)
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
    _has_one_mail(carrier, email)
    tap.drawn()
    message = next(json.loads(body) for body in tap.bodies if email in body)
    long_ago = (datetime.now(UTC) - timedelta(days=20)).timestamp()
    stamp = int(long_ago * 1000).to_bytes(6, "big") + bytes(10)
    message["detail"]["event_id"] = ids.from_raw("evt", stamp).removeprefix("evt_")
    queue.send(json.dumps(message))
    queue.is_empty()
    assert sorted(each["status"] for each in carrier.notifications(email)) == ["failed", "sent"]
    assert len(carrier.stack.mails(email)) == 1


def test_a_message_that_fails_is_set_aside_and_comes_back_when_the_cause_is_mended(
    carrier: Carrier, own: Stack, queue: Queue
) -> None:
    phone = f"+1212556{random.randrange(10_000):04d}"
    driver = {"email": f"dee@{carrier.slug}.example", "phone": phone, "role": "driver"}
    named = {"first_name": "Dee", "last_name": "Roe", "party_id": ids.new("drv")}
    carrier.ask("POST", "/users", driver | named)
    dead, rubbish = Queue(own, "messaging-dead"), json.dumps({"detail-type": "charter.booked", "detail": {}})
    with queue.impatient(3):
        httpx.post(f"{own.home.sms_url}/behave", json={"mode": "fail", "times": 1000})
        carrier.ask("POST", "/auth/otp/request", {"organization": carrier.slug, "phone": phone})
        queue.send(rubbish)
        _has_one_mail(carrier, carrier.invite("meanwhile"))
        eventually(lambda: dead.length() == 2, 90, "it was not set aside")
        assert [each["status"] for each in carrier.notifications(phone)] == ["waiting"]
        httpx.post(f"{own.home.sms_url}/behave", json={"mode": "ok"})
        assert made(own, "redrive").endswith("2 messages are on their way again\n")
        eventually(lambda: own.texts(phone), 40, "no text message after the redrive")
        eventually(lambda: dead.length() == 1, 90, "what cannot be understood was not set aside again")
        queue.is_empty()
    assert dead.taken() == [rubbish]
    assert len(own.texts(phone)) == 1
    assert [each["status"] for each in carrier.notifications(phone)] == ["sent"]


def test_a_day_that_is_published_again_has_no_second_effect(carrier: Carrier, tap: Tap, queue: Queue) -> None:
    _all_published(carrier, tap)
    queue.is_empty()
    kept, published = recorded(carrier), len(tap.drawn())
    mails, records = len(carrier.stack.mails(carrier.slug)), carrier.notifications()
    told = made(carrier.stack, "replay", carrier.org_id, today(), today())
    assert told.endswith(f"{len(kept)} events were published again\n")
    eventually(lambda: len(tap.drawn()) == published + len(kept), 30, "not everything was published again")
    queue.is_empty()
    assert len(carrier.stack.mails(carrier.slug)) == mails
    assert carrier.notifications() == records


def test_an_event_that_the_bus_cannot_take_holds_back_nobody(own: Stack, tap: Tap) -> None:
    carrier = Carrier.opened(own)
    charter = carrier.ask("POST", "/charters", carrier.trip())
    buried = Queue(own, "relay-dead")
    place = _put_event(carrier, charter["id"], "x" * 300_000)
    _has_one_mail(carrier, carrier.invite("unhindered"))
    eventually(lambda: buried.length() == 1, 30, "it was not set aside")
    assert made(own, "redrive").endswith("0 messages are on their way again\n")
    eventually(lambda: buried.length() == 1, 30, "what is still too large was not set aside again")
    event_id = place.removeprefix("EVENT#")
    assert event_id not in tap.ids()
    _put_event(carrier, charter["id"], "short", event_id)
    assert made(own, "redrive").endswith("1 messages are on their way again\n")
    eventually(lambda: event_id in tap.ids(), 30, "the mended event was not published")
    assert buried.length() == 0


def _put_event(carrier: Carrier, charter_id: str, text: str, event_id: str = "") -> str:
    """An event as the store would write it; its sort key."""
    envelope = Envelope(
        event_id=event_id or ids.ulid(),
        type="charter.modified",
        org_id=carrier.org_id,
        aggregate_id=charter_id,
        aggregate_pk=CHARTER.partition(org=carrier.org_id, id=charter_id),
        occurred_at=datetime.now(UTC),
        actor=Actor(user_id="test", role="system"),
        correlation_id=ids.ulid(),
        data={"notes": text},
    )
    carrier.stack.client("dynamodb").put_item(TableName=carrier.stack.table, Item=item(envelope))
    return HISTORY.key(aggregate_pk="", event=envelope.event_id).sk


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
        emulator.stop(own.home)
        stopped = datetime.now(UTC)
        emulator.start(own.home)
        invited = [each.result() for each in asked]
    _all_published(carrier, tap)
    queue.is_empty(150)
    for email in invited:
        _has_one_mail(carrier, email, kept_since=stopped)
    users = [each["email"] for each in carrier.everything("/users")]
    assert sorted(email for email in users if email.startswith("restart")) == sorted(invited)
