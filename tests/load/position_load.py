"""Five hundred drivers tell where they are, every ten seconds, on the deployed stack; then what is kept is counted.

    COACHWAY_TEST_STACK=.local python -m tests.load.position_load [DRIVERS] [SECONDS]

Each driver is a telephone as the driver's page makes it: a fix every ten seconds goes into an outbox, and what is in
the outbox goes out together when nothing of it is on its way. What was not answered is sent again; now and then what
was answered is, too.
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
from coachway.dispatch.tracking.position_store import TrailPage, partition
from infra.local import aws_clients
from infra.local.stack_config import StackConfig
from tests import stack
from tests.load import machine, moving_assignments

DRIVERS: Final = 500
SECONDS: Final = 120
AT_ONCE: Final = 16
"""Requests on their way at a time: each is a process of the emulator's."""
REPEATED: Final = 0.02
"""The share of batches that a telephone sends again though they were answered."""


@dataclass(frozen=True)
class Swarmed:
    """What became of it. Times in milliseconds."""

    drivers: int
    seconds: float
    recorded: int
    kept: int
    wrong: int
    """Fixes that are kept and were never recorded, or are in the wrong order."""
    requests: int
    repeated: int
    """Fixes that were sent again and taken for duplicates."""
    again: int
    """Requests that were not answered well, and sent again."""
    a_batch: float
    """Fixes in a request, on average."""
    p50: float
    p95: float
    drained: float
    """Seconds after the last fix until the last outbox was empty."""
    busy: float

    @property
    def lost(self) -> int:
        """Fixes that were recorded and are not there."""
        return self.recorded - self.kept


@dataclass
class Telephone:
    """A driver's, with what it recorded and has not got rid of."""

    number: int
    assignment: Assignment
    token: str
    outbox: list[dict[str, Any]] = field(default_factory=list)
    recorded: list[dict[str, Any]] = field(default_factory=list)
    is_sending: bool = False


@dataclass
class Swarm:
    """All telephones, and the requests that they make."""

    config: StackConfig
    phones: list[Telephone]
    ready: queue.SimpleQueue[Telephone | None] = field(default_factory=queue.SimpleQueue)
    lock: threading.Lock = field(default_factory=threading.Lock)
    took: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    repeated: int = 0
    again: int = 0

    def record(self, phone: Telephone, step: int, at: datetime) -> None:
        """A fix goes into the outbox."""
        made = moving_assignments.fix(phone.number, step, at)
        with self.lock:
            phone.recorded.append(made)
            phone.outbox.append(made)
            self._wake(phone)

    def _wake(self, phone: Telephone) -> None:
        if phone.outbox and not phone.is_sending:
            phone.is_sending = True
            self.ready.put(phone)

    def work(self) -> None:
        """Send outboxes, one after the other, until there is None."""
        connection = http.client.HTTPConnection("localhost", self.config.port, timeout=120)
        chance = random.Random(threading.get_ident())
        while (phone := self.ready.get()) is not None:
            with self.lock:
                batch = phone.outbox[:100]
            answered = self._send(connection, phone, batch)
            if answered and chance.random() < REPEATED:
                told = self._send(connection, phone, batch)
                self.repeated += told["duplicates"] if told else 0
            with self.lock:
                if answered:
                    del phone.outbox[: len(batch)]
                else:
                    self.again += 1
                phone.is_sending = False
                self._wake(phone)

    def _send(
        self, connection: http.client.HTTPConnection, phone: Telephone, batch: list[dict[str, Any]]
    ) -> dict[str, Any] | None:
        path = self.config.public_url.partition(f":{self.config.port}")[2] + "/api/v1/dispatch/check-ins"
        body = json.dumps({"assignment_id": phone.assignment.id, "points": batch})
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {phone.token}"}
        started = time.perf_counter()
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None
        with self.lock:
            self.took.append((time.perf_counter() - started) * 1000)
            self.sizes.append(len(batch))
        if answer.status != 202:
            print(f"{answer.status} {text[:300]!r}", file=sys.stderr)
            return None
        told: dict[str, Any] = json.loads(text)
        return told


def measure(home: StackConfig, drivers: int = DRIVERS, seconds: int = SECONDS) -> Swarmed:
    """Let them drive, then count."""
    swarm = Swarm(home, _telephones(home, drivers))
    workers = [threading.Thread(target=swarm.work, daemon=True) for _ in range(AT_ONCE)]
    for worker in workers:
        worker.start()
    _drive(
        swarm, 1, moving_assignments.EVERY.total_seconds()
    )  # processes start with the first requests; that is not what is meant
    _drain(swarm)
    swarm.took.clear()
    swarm.sizes.clear()
    started, busy = time.monotonic(), machine.load()
    _drive(swarm, int(seconds / moving_assignments.EVERY.total_seconds()), moving_assignments.EVERY.total_seconds())
    ended = time.monotonic()
    _drain(swarm)
    drained = time.monotonic() - ended
    for _ in workers:
        swarm.ready.put(None)
    kept, wrong = _kept(home, swarm.phones)
    return Swarmed(
        drivers=drivers,
        seconds=round(ended - started, 1),
        recorded=sum(len(phone.recorded) for phone in swarm.phones),
        kept=kept,
        wrong=wrong,
        requests=len(swarm.took),
        repeated=swarm.repeated,
        again=swarm.again,
        a_batch=fmean(swarm.sizes),
        p50=median(swarm.took),
        p95=quantiles(swarm.took, n=20)[18],
        drained=drained,
        busy=busy,
    )


def _drive(swarm: Swarm, rounds: int, every: float) -> None:
    """Each telephone records a fix in each round, at its own moment of it."""
    began = time.monotonic()
    for number in range(rounds):
        for place, phone in enumerate(swarm.phones):
            due = began + (number + place / len(swarm.phones)) * every
            time.sleep(max(0.0, due - time.monotonic()))
            swarm.record(phone, len(phone.recorded), datetime.now(UTC))
    time.sleep(max(0.0, began + rounds * every - time.monotonic()))


def _drain(swarm: Swarm, seconds: float = 900) -> None:
    deadline = time.monotonic() + seconds
    while any(phone.outbox for phone in swarm.phones):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the outboxes were not empty after {seconds:.0f} s")
        time.sleep(0.05)


def _telephones(home: StackConfig, count: int) -> list[Telephone]:
    """Drivers on the road, straight in the table, with tokens of a key that the stack is told of."""
    client, table = aws_clients.client(home, "dynamodb"), f"coachway-{home.environment}"
    private, kid = ec.generate_private_key(ec.SECP256R1()), f"swarm-{uuid.uuid4().hex[:8]}"
    place = SIGNING_KEYS.key()
    kept = client.get_item(TableName=table, Key={"pk": {"S": place.pk}, "sk": {"S": place.sk}})["Item"]
    keys = SigningKeys.model_validate_json(kept["doc"]["S"])
    public = jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    ours = SigningKey(kid=kid, public=public, sealed="", created_at=datetime(2020, 1, 1, tzinfo=UTC))
    client.put_item(TableName=table, Item=to_item(keys.model_copy(update={"keys": [ours, *keys.keys]})))
    org_id, phones = ids.new("org"), list[Telephone]()
    for number in range(count):
        assignment = moving_assignments.under_way(org_id, number)
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
        phones.append(Telephone(number, assignment, token))
    return phones


def _kept(home: StackConfig, phones: list[Telephone]) -> tuple[int, int]:
    """How many of the fixes that were recorded are there, and how many are that should not, or out of order."""
    client, table = aws_clients.client(home, "dynamodb"), f"coachway-{home.environment}"
    kept = wrong = 0
    for phone in phones:
        pages = client.query(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition(phone.assignment.org_id, phone.assignment.id)}},
        )["Items"]
        found = [fix for page in pages for fix in TrailPage.model_validate_json(page["doc"]["S"]).fixes]
        there = [fix.at.isoformat(timespec="milliseconds") for fix in found]
        recorded = {each["recorded_at"] for each in phone.recorded}
        kept += len(recorded & set(there))
        wrong += len(set(there) - recorded) + (there != sorted(set(there)))
    return kept, wrong


def told(found: Swarmed) -> str:
    """In a few lines."""
    return (
        f"{found.drivers} drivers, {found.seconds:.0f} s: {found.recorded:,} fixes recorded, {found.kept:,} kept, "
        f"{found.lost} lost, {found.wrong} wrong\n"
        f"{found.requests:,} requests of {found.a_batch:.1f} fixes, {found.again} sent again; {found.repeated} fixes "
        f"came twice and were kept once\n"
        f"p50 {found.p50:.0f} ms, p95 {found.p95:.0f} ms; the last outbox was empty {found.drained:.1f} s after the "
        f"last fix; {found.busy:.1f} processes wanted to run"
    )


def main() -> int:
    """On the stack that is named, or one of its own."""
    numbers = [int(each) for each in sys.argv[1:]]
    stack.prepare_run()
    try:
        found = measure(stack.get_stack("swarm").config, *numbers)
    finally:
        stack.finish_run()
    print(told(found))
    return 1 if found.lost or found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
