"""Load test of position reports: 500 drivers send a position every ten seconds; then the stored ones are counted.

    COACHWAY_TEST_STACK=.local python -m tests.load.position_load [DRIVERS] [SECONDS]

Each driver's phone behaves as the driver page does: a position every ten seconds goes into an outbox, and the outbox is
sent when no request is in progress. Failed requests are sent again, and now and then successful ones, too.
"""

from __future__ import annotations

import http.client
import json
import queue
import random
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import fmean, median, quantiles
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from coachway.core.auth import authentication
from coachway.core.auth.authentication import SIGNING_KEYS, SigningKey, SigningKeys
from coachway.core.persistence.transaction import to_item
from coachway.core.types import ids
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.tracking.position_store import TrailPage, trail_partition
from infra.local import aws_clients
from infra.local.stack_config import StackConfig
from tests import stack
from tests.load import machine, moving_assignments

DRIVERS: Final = 500
SECONDS: Final = 120
CONNECTIONS: Final = 16
"""Requests at the same time; the emulator has a process for each."""
REPEATED_SHARE: Final = 0.02
"""The share of batches that a phone sends again although they succeeded."""
MAX_BATCH: Final = 100


@dataclass(frozen=True)
class PositionLoadResults:
    """The results. Times in milliseconds, unless named otherwise."""

    drivers: int
    seconds: float
    recorded: int
    stored: int
    wrong: int
    """Stored positions that were never recorded, and pages in the wrong order."""
    requests: int
    duplicates: int
    """Positions that were sent again and recognized as duplicates."""
    retries: int
    """Requests that failed and were sent again."""
    batch_size: float
    """Positions per request, on average."""
    p50: float
    p95: float
    drain_seconds: float
    """Until the last outbox was empty, after the last position."""
    machine_load: float

    @property
    def lost(self) -> int:
        """Recorded positions that are not stored."""
        return self.recorded - self.stored


@dataclass
class Phone:
    """A driver's phone with its outbox."""

    number: int
    assignment: Assignment
    token: str
    outbox: list[dict[str, Any]] = field(default_factory=list)
    recorded: list[dict[str, Any]] = field(default_factory=list)
    is_sending: bool = False


@dataclass
class PhoneFleet:
    """All phones, and the requests that they send."""

    config: StackConfig
    phones: list[Phone]
    ready: queue.SimpleQueue[Phone | None] = field(default_factory=queue.SimpleQueue)
    lock: threading.Lock = field(default_factory=threading.Lock)
    durations: list[float] = field(default_factory=list)
    batch_sizes: list[int] = field(default_factory=list)
    duplicates: int = 0
    retries: int = 0

    def record_position(self, phone: Phone, index: int, at: datetime) -> None:
        """Put a position into the outbox."""
        position = moving_assignments.position_body(phone.number, index, at)
        with self.lock:
            phone.recorded.append(position)
            phone.outbox.append(position)
            self._schedule(phone)

    def _schedule(self, phone: Phone) -> None:
        if phone.outbox and not phone.is_sending:
            phone.is_sending = True
            self.ready.put(phone)

    def send_outboxes(self) -> None:
        """Send one outbox after the other until the queue yields None."""
        connection = http.client.HTTPConnection("localhost", self.config.port, timeout=120)
        chance = random.Random(threading.get_ident())
        while (phone := self.ready.get()) is not None:
            with self.lock:
                batch = phone.outbox[:MAX_BATCH]
            response = self._send_batch(connection, phone, batch)
            if response and chance.random() < REPEATED_SHARE:
                repeated = self._send_batch(connection, phone, batch)
                self.duplicates += repeated["duplicates"] if repeated else 0
            with self.lock:
                if response:
                    del phone.outbox[: len(batch)]
                else:
                    self.retries += 1
                phone.is_sending = False
                self._schedule(phone)

    def _send_batch(
        self, connection: http.client.HTTPConnection, phone: Phone, batch: list[dict[str, Any]]
    ) -> dict[str, Any] | None:
        path = self.config.public_url.partition(f":{self.config.port}")[2] + "/api/v1/dispatch/check-ins"
        body = json.dumps({"assignment_id": phone.assignment.id, "points": batch})
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {phone.token}"}
        started = time.perf_counter()
        try:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None
        with self.lock:
            self.durations.append((time.perf_counter() - started) * 1000)
            self.batch_sizes.append(len(batch))
        if response.status != 202:
            print(f"{response.status} {text[:300]!r}", file=sys.stderr)
            return None
        content: dict[str, Any] = json.loads(text)
        return content


def measure_position_load(config: StackConfig, drivers: int = DRIVERS, seconds: int = SECONDS) -> PositionLoadResults:
    """Let the drivers send positions, then count what is stored."""
    fleet = PhoneFleet(config, _create_phones(config, drivers))
    workers = [threading.Thread(target=fleet.send_outboxes, daemon=True) for _ in range(CONNECTIONS)]
    for worker in workers:
        worker.start()
    interval = moving_assignments.INTERVAL.total_seconds()
    # The first round starts the processes of the function; it is not measured.
    _record_positions(fleet, 1, interval)
    _wait_until_sent(fleet)
    fleet.durations.clear()
    fleet.batch_sizes.clear()
    started, machine_load = time.monotonic(), machine.load_average()
    _record_positions(fleet, int(seconds / interval), interval)
    ended = time.monotonic()
    _wait_until_sent(fleet)
    drain_seconds = time.monotonic() - ended
    for _ in workers:
        fleet.ready.put(None)
    stored, wrong = _count_stored(config, fleet.phones)
    return PositionLoadResults(
        drivers=drivers,
        seconds=round(ended - started, 1),
        recorded=sum(len(phone.recorded) for phone in fleet.phones),
        stored=stored,
        wrong=wrong,
        requests=len(fleet.durations),
        duplicates=fleet.duplicates,
        retries=fleet.retries,
        batch_size=fmean(fleet.batch_sizes),
        p50=median(fleet.durations),
        p95=quantiles(fleet.durations, n=20)[18],
        drain_seconds=drain_seconds,
        machine_load=machine_load,
    )


def _record_positions(fleet: PhoneFleet, rounds: int, interval: float) -> None:
    """Every phone records a position in each round, each phone at its own time."""
    started = time.monotonic()
    for number in range(rounds):
        for index, phone in enumerate(fleet.phones):
            due = started + (number + index / len(fleet.phones)) * interval
            time.sleep(max(0.0, due - time.monotonic()))
            fleet.record_position(phone, len(phone.recorded), datetime.now(UTC))
    time.sleep(max(0.0, started + rounds * interval - time.monotonic()))


def _wait_until_sent(fleet: PhoneFleet, seconds: float = 900) -> None:
    deadline = time.monotonic() + seconds
    while any(phone.outbox for phone in fleet.phones):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the outboxes were not empty after {seconds:.0f} s")
        time.sleep(0.05)


def _create_phones(config: StackConfig, count: int) -> list[Phone]:
    """Create drivers under way directly in the table; their tokens are signed by a key that is added to the stack's."""
    client, table = aws_clients.client(config, "dynamodb"), f"coachway-{config.environment}"
    private, kid = ec.generate_private_key(ec.SECP256R1()), f"bench-{uuid.uuid4().hex[:8]}"
    place = SIGNING_KEYS.key()
    stored = client.get_item(TableName=table, Key={"pk": {"S": place.pk}, "sk": {"S": place.sk}})["Item"]
    keys = SigningKeys.model_validate_json(stored["doc"]["S"])
    public = jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    own_key = SigningKey(kid=kid, public=public, sealed="", created_at=datetime(2020, 1, 1, tzinfo=UTC))
    client.put_item(TableName=table, Item=to_item(keys.model_copy(update={"keys": [own_key, *keys.keys]})))
    org_id, phones = ids.new("org"), list[Phone]()
    for number in range(count):
        assignment = moving_assignments.build_assignment(org_id, number)
        client.put_item(TableName=table, Item=to_item(assignment))
        claims = {
            "iss": authentication.ISSUER,
            "aud": authentication.AUDIENCE,
            "sub": ids.new("usr"),
            "org": org_id,
            "role": "driver",
            "scope": "dispatch:read dispatch:write",
            "pty": assignment.driver_id,
            "iat": datetime.now(UTC),
            "exp": datetime.now(UTC) + timedelta(hours=1),
        }
        token = jwt.encode(claims, private, authentication.ALGORITHM, headers={"kid": kid})
        phones.append(Phone(number, assignment, token))
    return phones


def _count_stored(config: StackConfig, phones: list[Phone]) -> tuple[int, int]:
    """How many recorded positions are stored, and how many stored ones are unknown or out of order."""
    client, table = aws_clients.client(config, "dynamodb"), f"coachway-{config.environment}"
    stored = wrong = 0
    for phone in phones:
        pages = client.query(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": trail_partition(phone.assignment.org_id, phone.assignment.id)}},
        )["Items"]
        positions = [
            position for page in pages for position in TrailPage.model_validate_json(page["doc"]["S"]).positions
        ]
        times = [position.at.isoformat(timespec="milliseconds") for position in positions]
        recorded = {position["recorded_at"] for position in phone.recorded}
        stored += len(recorded & set(times))
        wrong += len(set(times) - recorded) + (times != sorted(set(times)))
    return stored, wrong


def summarize(results: PositionLoadResults) -> str:
    """The results in a few lines."""
    return (
        f"{results.drivers} drivers, {results.seconds:.0f} s: {results.recorded:,} positions recorded, "
        f"{results.stored:,} stored, {results.lost} lost, {results.wrong} wrong\n"
        f"{results.requests:,} requests of {results.batch_size:.1f} positions, {results.retries} retried; "
        f"{results.duplicates} duplicates recognized\n"
        f"p50 {results.p50:.0f} ms, p95 {results.p95:.0f} ms; the last outbox was empty after "
        f"{results.drain_seconds:.1f} s; load average {results.machine_load:.1f}"
    )


def main() -> int:
    """Run on the stack named by `COACHWAY_TEST_STACK`, or on a new one."""
    numbers = [int(argument) for argument in sys.argv[1:]]
    stack.prepare_run()
    try:
        results = measure_position_load(stack.get_stack("shared").config, *numbers)
    finally:
        stack.finish_run()
    print(summarize(results))
    return 1 if results.lost or results.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
