"""The parts of the report that tell of money, and of what gives way first."""

from __future__ import annotations

from tests.load import cost, gateway_requests
from tests.load.results import Found, table


def bills(found: Found) -> str:
    """1,000 charters, an idle month, and the formula of both."""
    start = found.start("bookings api").middle("ready", "cpu") or 0.0
    bill = cost.of_charters(found.warm, start / cost.PROCESSOR_SHARE)
    idle = cost.of_an_idle_month(found.row("relay an event")["cpu"], found.alarms, found.secrets)
    often = [(name, f"{times:g}") for name, times in cost.JOURNEY.items()]
    return f"""## Cost

**1,000 charters from the question to the booking: ${bill.total:.2f}.** Dispatch, invoices and payments are not part of
it.

{table(("service", "dollars"), _lines(bill))}

For each charter {cost.MAILS:g} mails go out, and these requests are made:

{table(("request", "times"), often)}

**A month in which nothing happens: ${idle.total:.2f}**, with a timer every five minutes, {found.secrets} secrets,
{found.alarms} alarms, and a queue that is polled.

{table(("service", "dollars"), _lines(idle))}

{_driver_days(found)}

The formula, per request:

{table(("part", "quantity", "dollars"), cost.FORMULA)}

Billed time is CPU ÷ {cost.PROCESSOR_SHARE:.2f}, the share of a processor that 1,024 MB get, and {cost.TRIP_MS:g} ms for
each call of DynamoDB; {cost.COLD_SHARE:.0%} of requests pay a cold start besides. That wait and that share are assumed;
all other quantities are measured. Each event is taken to have a run of the relay to itself. Prices are AWS's list
prices for us-east-1 of November 2026, without its free tier (`tests/load/cost.py`)."""


def _driver_days(found: Found) -> str:
    """A day of a driver's positions, sent one by one and gathered."""
    start = (found.start("bookings api").middle("ready", "cpu") or 0.0) / cost.PROCESSOR_SHARE
    fixes = cost.DUTY_HOURS * 3600 // cost.FIX_SECONDS
    names = {1: "tell a position", 6: "tell six positions"}
    bills = {count: cost.of_a_driver_day(found.warm, name, count, start) for count, name in names.items()}
    parts = dict.fromkeys(part for bill in bills.values() for part, dollars in bill.dollars.items() if dollars)
    lines = [(part, *(f"{bill.dollars.get(part, 0.0):.4f}" for bill in bills.values())) for part in parts]
    units = found.row(names[1])["write_units"]
    alone, gathered = bills[1].total, bills[6].total
    return f"""**A driver-day of GPS: ${alone:.3f}** when each position goes out by itself, **${gathered:.3f}** when a
telephone gathers them for a minute: {cost.DUTY_HOURS} hours on the road at a fix in {cost.FIX_SECONDS} seconds,
{fixes:,} fixes, looked at every five minutes, {cost.EVENTS_A_DAY} events.

{table(("service", "dollars, one by one", "dollars, six together"), lines)}

The formula: `requests × (gateway + run + {units:g} write unit + read units) + looks × the same + trail kept + events`,
with {fixes:,} requests of one fix or {fixes // 6:,} of six; the quantities of each are in the table of warm requests. A
page of the trail is an item of less than a kilobyte that holds five minutes, so that telling one more position is one
write unit; it lies four weeks in the table and then in the bucket."""


def _lines(bill: cost.Bill) -> list[tuple[str, str]]:
    ordered = sorted(bill.dollars.items(), key=lambda each: -each[1])
    return [(name, f"{dollars:.4f}") for name, dollars in ordered]


def what_fails_first(found: Found) -> str:
    """At a hundred times the load."""
    charters = 100_000 * 0.15 / 3600
    requests, mails = charters * sum(cost.JOURNEY.values()), charters * cost.MAILS
    one = found.through.rate(gateway_requests.ONE_ORGANIZATION)
    return f"""## What fails first

At 100 × 1,000 charters **a day**, of which 15 % come in the busiest hour: {charters:.1f} charters, {requests:.0f}
requests and {mails:.0f} mails a second.

1. **SES**: a new account may send 200 mails a day, a released one begins at 14 a second; mails would wait on their
   queue. Remedy: ask for a higher rate before. The queue keeps for four days what is too much.
2. **The gateway's throttle**: 200 requests a second, bursts of 400, set in `template.yaml`. Remedy: raise it there; the
   account's own limit is 10,000.
3. **Positions at the gateway**: 2,000 drivers who send each position by itself are those 200 requests a second.
   Remedy: the same throttle; telephones that gather them for a minute make it 12,000 drivers. The table does not mind:
   each trip has a partition of its own, and each position is one unit.
4. **Concurrency of Lambda**: a new account has 10, others 1,000; requests of 50 ms would hold {requests * 0.05:.0f}.
   Remedy: ask for more on a new account.
5. **One organization's numbers**: they have no gaps, so its charters are made one after the other, {one:.0f} a second
   here at {gateway_requests.AT_ONCE} connections. Many organizations do not disturb each other. Remedy, should one
   ever need it: number on booking instead of on quoting, or a sequence for each branch.
6. **One partition of an index**: 1,000 write units a second on AWS. Lists are kept by organization and month; a charter
   puts three units on each of its four indexes. Remedy: a day instead of a month in the key."""
