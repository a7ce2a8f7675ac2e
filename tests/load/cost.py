"""Compute what AWS would charge for what was measured: requests, request units, events, mails, billed time.

List prices of us-east-1 in dollars without the free tier, from AWS's pricing pages in November 2026. Update them here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

MILLION: Final = 1_000_000

GATEWAY: Final = 3.50 / MILLION
"""API Gateway, REST API: per request."""
INVOCATION: Final = 0.20 / MILLION
GB_SECOND: Final = 0.0000133334
"""Lambda on arm64."""
READ_UNIT: Final = 0.125 / MILLION
WRITE_UNIT: Final = 0.625 / MILLION
"""DynamoDB, on demand."""
STORED_GB: Final = 0.25 + 0.20
"""A GB of a table per month, with point-in-time recovery."""
EVENT: Final = 1.00 / MILLION
"""EventBridge: per published event."""
QUEUE_REQUEST: Final = 0.40 / MILLION
MAIL: Final = 0.10 / 1000
LOG_GB: Final = 0.50
OUT_GB: Final = 0.09
SECRET: Final = 0.40
ALARM: Final = 0.10

MEMORY_GB: Final = 1.0
PROCESSOR_SHARE: Final = 1024 / 1769
"""Lambda provides a full processor at 1,769 MB."""
CALL_MS: Final = 6.0
"""The assumed time of a DynamoDB call within a region, which cannot be measured on the emulator."""
LOG_BYTES: Final = 900
"""Per request: its own log line and Lambda's three."""
COLD_START_SHARE: Final = 0.02
"""The assumed share of requests with a cold start, which is billed as well."""

PRICE_LIST: Final = (
    ("API Gateway, REST", "requests", f"{GATEWAY * MILLION:.2f} per million"),
    ("Lambda", "invocations", f"{INVOCATION * MILLION:.2f} per million"),
    ("Lambda, arm64", f"billed time × {MEMORY_GB:g} GB", f"{GB_SECOND:.10f} per GB-second"),
    ("DynamoDB", "read units", f"{READ_UNIT * MILLION:.3f} per million"),
    ("DynamoDB", "write units", f"{WRITE_UNIT * MILLION:.3f} per million"),
    ("DynamoDB storage", "bytes of new items and index entries", f"{STORED_GB:.2f} per GB and month, with recovery"),
    ("EventBridge", "events", f"{EVENT * MILLION:.2f} per million"),
    ("SQS", "3 requests per email", f"{QUEUE_REQUEST * MILLION:.2f} per million"),
    ("SES", "emails", f"{MAIL * 1000:.2f} per thousand"),
    ("CloudWatch Logs", f"{LOG_BYTES} bytes per invocation", f"{LOG_GB:.2f} per GB"),
    ("data transfer out", "bytes of responses", f"{OUT_GB:.2f} per GB"),
)


@dataclass
class Bill:
    """Dollars by service."""

    dollars: dict[str, float] = field(default_factory=dict)

    def add(self, service: str, amount: float) -> None:
        """Add to a service's amount."""
        self.dollars[service] = self.dollars.get(service, 0.0) + amount

    @property
    def total(self) -> float:
        return sum(self.dollars.values())


REQUESTS_PER_CHARTER: Final[Mapping[str, float]] = {
    "create a client": 0.3,
    "calculate a quote": 1,
    "create a charter": 1,
    "revise a charter": 0.3,
    "send a quote": 1.3,
    "get a quote by its link": 2,
    "accept a quote": 1,
    "get a charter": 5,
    "list 20 charters": 5,
    "get the dashboard": 2,
    "get my account": 2,
}
"""How often each request is sent for one charter, from inquiry to booking."""
MAILS_PER_CHARTER: Final = 2.3
"""The quote, again if it is revised, and the booking confirmation."""


def billed_ms(cpu: float, calls: float) -> float:
    """Milliseconds that Lambda bills for a request: CPU time at the function's share of a processor, and calls."""
    return cpu / PROCESSOR_SHARE + calls * CALL_MS


def charter_bill(rows: Sequence[Mapping[str, Any]], start_ms: float, count: int = 1000) -> Bill:
    """The bill for `count` charters. `rows` are the measured requests, `start_ms` a cold start's billed time."""
    bill, by_name = Bill(), {row["name"]: row for row in rows}
    for name, times_each in REQUESTS_PER_CHARTER.items():
        row, times = by_name[name], times_each * count
        bill.add("API Gateway", times * GATEWAY)
        _add_invocations(bill, row, times, start_ms * COLD_START_SHARE)
        bill.add("data transfer out", times * row["bytes"] / 1e9 * OUT_GB)
        _add_events(bill, by_name["publish an event"], times * row["written"].count("event"))
    mail, times = by_name["send a quote's email"], MAILS_PER_CHARTER * count
    _add_invocations(bill, mail, times, start_ms * COLD_START_SHARE)
    bill.add("SES", times * MAIL)
    bill.add("SQS", times * 3 * QUEUE_REQUEST)
    _add_events(bill, by_name["publish an event"], times * mail["written"].count("event"))
    return bill


def _add_invocations(bill: Bill, row: Mapping[str, Any], times: float, start_ms: float) -> None:
    seconds = (billed_ms(row["cpu"], row["calls"]) + start_ms) / 1000
    bill.add("Lambda", times * (INVOCATION + seconds * MEMORY_GB * GB_SECOND))
    bill.add("DynamoDB", times * (row["read_units"] * READ_UNIT + row["write_units"] * WRITE_UNIT))
    bill.add("DynamoDB storage", times * row["grown"] / 1e9 * STORED_GB)
    bill.add("logs", times * LOG_BYTES / 1e9 * LOG_GB)


def _add_events(bill: Bill, relay: Mapping[str, Any], events: float) -> None:
    """Each event has its own invocation of the relay, the worst case, and is published once."""
    _add_invocations(bill, relay, events, 0)
    bill.add("EventBridge", events * EVENT)


DUTY_HOURS: Final = 10
"""The hours that a driver is on the road in a day."""
POSITION_SECONDS: Final = 10
ARCHIVED_GB: Final = 0.023
"""S3: a GB per month."""
FILE: Final = 5.00 / MILLION
"""S3: per uploaded file."""
EVENTS_PER_DRIVER_DAY: Final = 8
"""Check-in, arrival and departure at three stops, check-out."""
ARCHIVED_SHARE: Final = 0.4
"""The size of a compressed trail file as a share of its size in the table."""


def driver_day_bill(rows: Sequence[Mapping[str, Any]], request: str, batch_size: int, start_ms: float) -> Bill:
    """The bill for a day of one driver's positions, sent by `request` in batches of `batch_size`.

    The live track is requested twelve times an hour. A trail stays four weeks in the table, then a year in the bucket.
    """
    bill, by_name = Bill(), {row["name"]: row for row in rows}
    row, requests = by_name[request], DUTY_HOURS * 3600 / POSITION_SECONDS / batch_size
    track, track_requests = by_name["get a charter's live track"], DUTY_HOURS * 12
    for measured, times in ((row, requests), (track, track_requests)):
        bill.add("API Gateway", times * GATEWAY)
        _add_invocations(bill, {**measured, "grown": 0}, times, start_ms * COLD_START_SHARE)
        bill.add("data transfer out", times * measured["bytes"] / 1e9 * OUT_GB)
    trail_gb = requests * row["grown"] / 1e9
    storage = STORED_GB * 28 / 30.4 + ARCHIVED_SHARE * ARCHIVED_GB * 12
    bill.add("storage: four weeks in the table, a year in S3", trail_gb * storage + FILE)
    # Arrivals and departures are written as an acceptance is: the assignment and an event.
    _add_invocations(bill, {**by_name["accept an assignment"], "grown": 0}, EVENTS_PER_DRIVER_DAY, 0)
    _add_events(bill, by_name["publish an event"], EVENTS_PER_DRIVER_DAY)
    return bill


def idle_month_bill(timer_ms: float, alarms: int, secrets: int) -> Bill:
    """The bill of a month without any request."""
    bill, timers = Bill(), 30.4 * 24 * 12
    bill.add("Lambda", timers * (INVOCATION + timer_ms / 1000 * MEMORY_GB * GB_SECOND))
    bill.add("DynamoDB", timers * 2 * READ_UNIT)
    bill.add("Secrets Manager", secrets * SECRET)
    bill.add("CloudWatch alarms", alarms * ALARM)
    bill.add("SQS", 5 * 3 * 60 * 24 * 30.4 * QUEUE_REQUEST)
    bill.add("logs", timers * LOG_BYTES / 1e9 * LOG_GB)
    return bill
