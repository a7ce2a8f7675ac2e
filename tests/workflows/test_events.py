"""Events arrive in spite of killed functions and restarts, and each has its effect once."""

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
from tests.workflows.faults import (
    EventRecorder,
    Queue,
    count_failed_batches,
    kill_workers,
    latest_days,
    list_stored_events,
    pause_deliveries,
    run_command,
)
from tests.workflows.organization_builders import Operator, wait_for_one_mail

pytestmark = pytest.mark.xdist_group("restart")


@pytest.fixture(scope="module")
def operator(recorder: EventRecorder, restart_stack: Stack) -> Operator:
    """An organization whose events are recorded from its registration on."""
    return Operator.create(restart_stack)


def _wait_until_all_published(operator: Operator, recorder: EventRecorder) -> None:
    """Wait until all stored events are published, and require that those of each aggregate are in order."""
    stored = list_stored_events(operator)
    eventually(
        lambda: {event.event_id for event in stored} <= set(recorder.list_event_ids()),
        60,
        "not everything was published",
    )
    positions: dict[str, int] = {}
    for position, event_id in enumerate(recorder.list_event_ids()):
        positions.setdefault(event_id, position)
    last_positions: dict[str, int] = {}
    for event in stored:
        position = positions[event.event_id]
        assert position > last_positions.get(event.aggregate_pk, -1), (
            f"{event.type} was published before an earlier event"
        )
        last_positions[event.aggregate_pk] = position


def test_relay_killed_within_batch_publishes_every_event(
    restart_stack: Stack, operator: Operator, recorder: EventRecorder
) -> None:
    charter = operator.call("POST", "/charters", operator.charter_body())
    _wait_until_all_published(operator, recorder)
    before, emails = count_failed_batches(restart_stack, "relay"), []
    for attempt in range(8):
        recorder.list_events()
        with pause_deliveries(restart_stack, "relay"):
            # Events of one aggregate are published one by one, which takes time.
            for number in range(24):
                operator.call("PUT", f"/charters/{charter['id']}", {"notes": f"{attempt}/{number}"})
            emails.append(operator.invite_user(f"relayed{attempt}"))
        recorder.wait_for_event()
        kill_workers(restart_stack, "relay")
        _wait_until_all_published(operator, recorder)
        was_cut_off = count_failed_batches(restart_stack, "relay") > before and len(recorder.list_event_ids()) > len(
            set(recorder.list_event_ids())
        )
        if attempt >= 2 and was_cut_off:
            break
    assert was_cut_off, "no batch was interrupted after a part of it was published"
    for email in emails:
        wait_for_one_mail(operator, email)


def test_messaging_event_delivered_twice_sends_once(operator: Operator, recorder: EventRecorder, queue: Queue) -> None:
    charter = operator.create_quoted_charter()
    assert operator.accept_quote(charter["token"]).is_success
    email = operator.invite_user("again")
    operator.stack.wait_for_mail(operator.client_email, "^Booking confirmed")
    wait_for_one_mail(operator, email)
    queue.wait_until_empty()
    mails, records = len(operator.stack.mails(operator.slug)), operator.list_notifications()
    recorder.list_events()
    event_types = ("quote.sent", "charter.booked", "user.invited")
    bodies = [
        body for body in recorder.bodies if operator.org_id in body and json.loads(body)["detail-type"] in event_types
    ]
    assert len(bodies) >= 3
    repeated = bodies * 2
    random.shuffle(repeated)
    queue.send(*repeated)
    queue.wait_until_empty()
    assert len(operator.stack.mails(operator.slug)) == mails
    assert operator.list_notifications() == records


def test_messaging_events_late_and_out_of_order_send_once(
    operator: Operator, restart_stack: Stack, queue: Queue
) -> None:
    queue.wait_until_empty()
    before = len(operator.list_notifications())
    with queue.shorten_retry_delay(5):
        with pause_deliveries(restart_stack, "messaging"):
            charter = operator.create_quoted_charter()
            assert operator.accept_quote(charter["token"]).is_success
            operator.call("POST", f"/charters/{charter['id']}/cancel", {"reason": "The event is off"})
            email = operator.invite_user("late")
            eventually(lambda: queue.count_messages() == 5, 30, "not everything reached the queue")
            bodies = queue.take_all()
            queue.send(*reversed(bodies), *bodies)
        wait_for_one_mail(operator, email)
        queue.wait_until_empty()
    subjects = [
        mail["Subject"] for mail in restart_stack.mails(operator.client_email) if charter["number"] in mail["Subject"]
    ]
    assert len(subjects) == 3
    records = operator.list_notifications()[: len(operator.list_notifications()) - before]
    assert sorted(each["template"] for each in records) == [
        "charter-booked",
        "charter-cancelled",
        "invitation",
        "quote-accepted",
        "quote-sent",
    ]
    assert {(each["status"], each["attempts"]) for each in records} == {("sent", 1)}


def test_messaging_event_of_weeks_ago_sends_nothing(operator: Operator, recorder: EventRecorder, queue: Queue) -> None:
    email = operator.invite_user("old")
    wait_for_one_mail(operator, email)
    recorder.list_events()
    message = next(json.loads(body) for body in recorder.bodies if email in body)
    long_ago = (datetime.now(UTC) - timedelta(days=20)).timestamp()
    stamp = int(long_ago * 1000).to_bytes(6, "big") + bytes(10)
    message["detail"]["event_id"] = ids.from_bytes("evt", stamp).removeprefix("evt_")
    queue.send(json.dumps(message))
    queue.wait_until_empty()
    assert sorted(each["status"] for each in operator.list_notifications(email)) == ["failed", "sent"]
    assert len(operator.stack.mails(email)) == 1


def test_replay_day_sends_nothing_twice(operator: Operator, recorder: EventRecorder, queue: Queue) -> None:
    _wait_until_all_published(operator, recorder)
    queue.wait_until_empty()
    stored, published = list_stored_events(operator), Counter(recorder.list_event_ids())
    mails, records = len(operator.stack.mails(operator.slug)), operator.list_notifications()
    output = run_command(operator.stack, "replay", operator.org_id, *latest_days())
    assert output.endswith(f"Events published again: {len(stored)}\n")

    def is_published_again() -> bool:
        counts = Counter(recorder.list_event_ids())
        return all(counts[each.event_id] == published[each.event_id] + 1 for each in stored)

    eventually(is_published_again, 30, "not everything was published again, once")
    queue.wait_until_empty()
    assert len(operator.stack.mails(operator.slug)) == mails
    assert operator.list_notifications() == records


def test_restart_under_load_loses_no_request(
    operator: Operator, restart_stack: Stack, recorder: EventRecorder, queue: Queue
) -> None:
    """Clients repeat their requests with the same Idempotency-Key until they get an answer."""
    _wait_until_all_published(operator, recorder)

    def invite(number: int) -> str:
        email = f"restart{number}@{operator.slug}.example"
        person = {"email": email, "role": "staff", "first_name": "Sam", "last_name": "Tran"}
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            try:
                response = operator.send("POST", "/users/invite", person, idempotency_key=email)
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            if response.status_code == 201:
                return email
            assert response.status_code >= 500, response.text
            time.sleep(0.2)
        raise AssertionError(f"{email} was not invited")

    with ThreadPoolExecutor(4) as threads:
        futures = [threads.submit(invite, number) for number in range(60)]
        eventually(lambda: sum(each.done() for each in futures) > 10, 60)
        emulator_process.stop(restart_stack.config)
        restarted_at = datetime.now(UTC)
        emulator_process.start(restart_stack.config)
        emails = [each.result() for each in futures]
    _wait_until_all_published(operator, recorder)
    queue.wait_until_empty(150)
    for email in emails:
        wait_for_one_mail(operator, email, since_restart=restarted_at)
    users = [each["email"] for each in operator.list_all("/users")]
    assert sorted(email for email in users if email.startswith("restart")) == sorted(emails)
