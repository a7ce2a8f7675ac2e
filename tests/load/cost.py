"""What AWS would charge, from what was measured: requests, request units, events, mails, billed time.

List prices of us-east-1 in dollars, without any free tier, as AWS's pricing pages had them in November 2026;
change them here when they change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

MILLION: Final = 1_000_000

GATEWAY: Final = 3.50 / MILLION
"""API Gateway, REST API: a request."""
INVOCATION: Final = 0.20 / MILLION
GB_SECOND: Final = 0.0000133334
"""Lambda on arm64."""
READ_UNIT: Final = 0.125 / MILLION
WRITE_UNIT: Final = 0.625 / MILLION
"""DynamoDB on demand."""
STORED_GB: Final = 0.25 + 0.20
"""A GB of the table for a month, with point-in-time recovery."""
EVENT: Final = 1.00 / MILLION
"""EventBridge: an event put."""
QUEUE_REQUEST: Final = 0.40 / MILLION
MAIL: Final = 0.10 / 1000
LOG_GB: Final = 0.50
OUT_GB: Final = 0.09
SECRET: Final = 0.40
ALARM: Final = 0.10

MEMORY_GB: Final = 1.0
PROCESSOR_SHARE: Final = 1024 / 1769
"""Lambda gives a whole processor at 1,769 MB."""
TRIP_MS: Final = 6.0
"""Assumed wait for one call of DynamoDB inside a region; the emulator says nothing about it."""
LOG_BYTES: Final = 900
"""Of a request's own line and Lambda's three."""
COLD_SHARE: Final = 0.02
"""Assumed share of requests that meet a cold start; the start is billed too."""

FORMULA: Final = (
    ("API Gateway, REST", "1 request", f"{GATEWAY * MILLION:.2f} a million"),
    ("Lambda, invocation", "1", f"{INVOCATION * MILLION:.2f} a million"),
    ("Lambda, arm64", f"billed time × {MEMORY_GB:g} GB", f"{GB_SECOND:.10f} a GB-second"),
    ("DynamoDB, reading", "read units", f"{READ_UNIT * MILLION:.3f} a million"),
    ("DynamoDB, writing", "write units", f"{WRITE_UNIT * MILLION:.3f} a million"),
    ("DynamoDB, kept a month", "bytes of new items and their index entries", f"{STORED_GB:.2f} a GB, with recovery"),
    ("EventBridge", "events", f"{EVENT * MILLION:.2f} a million"),
    ("SQS", "3 requests a mail", f"{QUEUE_REQUEST * MILLION:.2f} a million"),
    ("SES", "mails", f"{MAIL * 1000:.2f} a thousand"),
    ("CloudWatch Logs", f"{LOG_BYTES} bytes a run", f"{LOG_GB:.2f} a GB"),
    ("data out", "bytes of the answer", f"{OUT_GB:.2f} a GB"),
)


@dataclass
class Bill:
    """Dollars by service."""

    dollars: dict[str, float] = field(default_factory=dict)

    def add(self, service: str, amount: float) -> None:
        """Put something on the bill."""
        self.dollars[service] = self.dollars.get(service, 0.0) + amount

    @property
    def total(self) -> float:
        return sum(self.dollars.values())


JOURNEY: Final[Mapping[str, float]] = {
    "create a client": 0.3,
    "calculate a quote": 1,
    "create a charter": 1,
    "revise a charter": 0.3,
    "send a quote": 1.3,
    "read a quote by its link": 2,
    "accept a quote": 1,
    "get a charter": 5,
    "list 20 charters": 5,
    "dashboard": 2,
    "who am I": 2,
}
"""How often each request is made for one charter, from the question to the booking."""
MAILS: Final = 2.3
"""A quote's, again for those revised, and that it is booked."""


def billed_ms(cpu: float, trips: float) -> float:
    """Milliseconds that Lambda bills for a request: processor time at the function's share, and waiting."""
    return cpu / PROCESSOR_SHARE + trips * TRIP_MS


def of_charters(rows: Sequence[Mapping[str, Any]], start_ms: float, count: int = 1000) -> Bill:
    """The bill for `count` charters. `rows` are what was measured, `start_ms` a cold start's processor time."""
    bill, by_name = Bill(), {row["name"]: row for row in rows}
    for name, often in JOURNEY.items():
        row, times = by_name[name], often * count
        bill.add("API Gateway", times * GATEWAY)
        _run(bill, row, times, start_ms * COLD_SHARE)
        bill.add("data out", times * row["bytes"] / 1e9 * OUT_GB)
        _announced(bill, by_name["relay an event"], times * row["written"].count("event"))
    mail, times = by_name["mail a quote"], MAILS * count
    _run(bill, mail, times, start_ms * COLD_SHARE)
    bill.add("SES", times * MAIL)
    bill.add("SQS", times * 3 * QUEUE_REQUEST)
    _announced(bill, by_name["relay an event"], times * mail["written"].count("event"))
    return bill


def _run(bill: Bill, row: Mapping[str, Any], times: float, starting_ms: float) -> None:
    seconds = (billed_ms(row["cpu"], row["trips"]) + starting_ms) / 1000
    bill.add("Lambda", times * (INVOCATION + seconds * MEMORY_GB * GB_SECOND))
    bill.add("DynamoDB", times * (row["read_units"] * READ_UNIT + row["write_units"] * WRITE_UNIT))
    bill.add("DynamoDB, kept a month", times * row["grown"] / 1e9 * STORED_GB)
    bill.add("logs", times * LOG_BYTES / 1e9 * LOG_GB)


def _announced(bill: Bill, relay: Mapping[str, Any], events: float) -> None:
    """Each event has an invocation of the relay to itself, the worst case, and goes over the bus."""
    _run(bill, relay, events, 0)
    bill.add("EventBridge", events * EVENT)


DUTY_HOURS: Final = 10
"""Of a driver on the road, in a day."""
FIX_SECONDS: Final = 10
ARCHIVED_GB: Final = 0.023
"""S3, a GB for a month."""
FILE: Final = 5.00 / MILLION
"""S3: a file put."""
EVENTS_A_DAY: Final = 8
"""Of a driver's day: reporting for duty, arrivals and departures of three stops, being done."""
ARCHIVED_SHARE: Final = 0.4
"""What a trail takes in a file, compressed, of what it took in the table."""


def of_a_driver_day(rows: Sequence[Mapping[str, Any]], telling: str, together: int, start_ms: float) -> Bill:
    """The bill for one driver who tells where they are for a day, `together` fixes in a request, and is followed.

    Staff or a client look twelve times an hour. A trail lies four weeks in the table, then a year in the bucket.
    """
    bill, by_name = Bill(), {row["name"]: row for row in rows}
    row, requests = by_name[telling], DUTY_HOURS * 3600 / FIX_SECONDS / together
    look, looks = by_name["follow a charter"], DUTY_HOURS * 12
    for each, times in ((row, requests), (look, looks)):
        bill.add("API Gateway", times * GATEWAY)
        _run(bill, {**each, "grown": 0}, times, start_ms * COLD_SHARE)
        bill.add("data out", times * each["bytes"] / 1e9 * OUT_GB)
    trail = requests * row["grown"] / 1e9
    kept = STORED_GB * 28 / 30.4 + ARCHIVED_SHARE * ARCHIVED_GB * 12
    bill.add("kept four weeks, then a year in S3", trail * kept + FILE)
    # What happens on the way is written as an answer to an offer is: the assignment, with its event.
    _run(bill, {**by_name["accept an assignment"], "grown": 0}, EVENTS_A_DAY, 0)
    _announced(bill, by_name["relay an event"], EVENTS_A_DAY)
    return bill


def of_an_idle_month(timer_ms: float, alarms: int, secrets: int) -> Bill:
    """The bill of a month in which nobody asks for anything."""
    bill, timers = Bill(), 30.4 * 24 * 12
    bill.add("Lambda", timers * (INVOCATION + timer_ms / 1000 * MEMORY_GB * GB_SECOND))
    bill.add("DynamoDB", timers * 2 * READ_UNIT)
    bill.add("Secrets Manager", secrets * SECRET)
    bill.add("CloudWatch alarms", alarms * ALARM)
    bill.add("SQS", 5 * 3 * 60 * 24 * 30.4 * QUEUE_REQUEST)
    bill.add("logs", timers * LOG_BYTES / 1e9 * LOG_GB)
    return bill
