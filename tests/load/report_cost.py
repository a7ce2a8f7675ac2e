"""The sections of the report on cost and limits."""

from __future__ import annotations

from tests.load import cost
from tests.load.gateway_bench import CONNECTIONS, ONE_ORGANIZATION
from tests.load.position_rows import SEND_ONE, SEND_SIX
from tests.load.results import BenchResults, markdown_table


def cost_section(results: BenchResults) -> str:
    """The cost of 1,000 charters, of an idle month and of a driver's day, and the price list."""
    start = results.start("bookings api").fastest_ms("ready", "cpu") or 0.0
    bill = cost.charter_bill(results.warm, start / cost.PROCESSOR_SHARE)
    idle = cost.idle_month_bill(results.row("publish an event")["cpu"], results.alarms, results.secrets)
    requests = [(name, f"{times:g}") for name, times in cost.REQUESTS_PER_CHARTER.items()]
    return f"""## Cost

**1,000 charters from inquiry to booking: ${bill.total:.2f}.** Dispatch, invoices and payments are not included.

{markdown_table(("service", "dollars"), _bill_rows(bill))}

Each charter causes {cost.MAILS_PER_CHARTER:g} emails and these requests:

{markdown_table(("request", "times"), requests)}

**A month without any request: ${idle.total:.2f}**, with a timer every five minutes, {results.secrets} secrets,
{results.alarms} alarms, and polled queues.

{markdown_table(("service", "dollars"), _bill_rows(idle))}

{_driver_day(results)}

The prices:

{markdown_table(("service", "quantity", "dollars"), cost.PRICE_LIST)}

The billed time of a request is its CPU time ÷ {cost.PROCESSOR_SHARE:.2f}, the share of a processor that 1,024 MB get,
plus {cost.CALL_MS:g} ms for each DynamoDB call; {cost.COLD_START_SHARE:.0%} of requests also pay a cold start. The time
per call and that share are assumptions; all other quantities are measured. Each event is assumed to have its own
invocation of the relay. The prices are AWS's list prices for us-east-1 of November 2026, without the free tier
(`tests/load/cost.py`)."""


def _driver_day(results: BenchResults) -> str:
    """The cost of a driver's positions in a day, sent one by one and in batches of six."""
    start = (results.start("bookings api").fastest_ms("ready", "cpu") or 0.0) / cost.PROCESSOR_SHARE
    positions = cost.DUTY_HOURS * 3600 // cost.POSITION_SECONDS
    names = {1: SEND_ONE, 6: SEND_SIX}
    bills = {count: cost.driver_day_bill(results.warm, name, count, start) for count, name in names.items()}
    services = dict.fromkeys(name for bill in bills.values() for name, dollars in bill.dollars.items() if dollars)
    rows = [(name, *(f"{bill.dollars.get(name, 0.0):.4f}" for bill in bills.values())) for name in services]
    write_units = results.row(SEND_ONE)["write_units"]
    return f"""**A day of one driver's positions: ${bills[1].total:.3f}** if each is sent by itself,
**${bills[6].total:.3f}** if the phone collects them for a minute: {cost.DUTY_HOURS} hours on the road with a position
every {cost.POSITION_SECONDS} seconds, {positions:,} positions, the live track requested every five minutes,
{cost.EVENTS_PER_DRIVER_DAY} events.

{markdown_table(("service", "dollars, one by one", "dollars, six together"), rows)}

There are {positions:,} requests of one position, or {positions // 6:,} of six; the table of warm requests has the
quantities of each. Positions are stored in pages of five minutes, each an item of less than a kilobyte, so that one
more position costs {write_units:g} write unit. Pages stay in the table for four weeks, then in the bucket for a
year."""


def _bill_rows(bill: cost.Bill) -> list[tuple[str, str]]:
    ordered = sorted(bill.dollars.items(), key=lambda entry: -entry[1])
    return [(name, f"{dollars:.4f}") for name, dollars in ordered]


def limits_section(results: BenchResults) -> str:
    """Which limits are reached first with a hundred times the load."""
    charters = 100_000 * 0.15 / 3600
    requests, mails = charters * sum(cost.REQUESTS_PER_CHARTER.values()), charters * cost.MAILS_PER_CHARTER
    one_organization = results.gateway.rate(ONE_ORGANIZATION)
    return f"""## Limits that are reached first

With 100,000 charters **a day**, 15 % of them in the busiest hour: {charters:.1f} charters, {requests:.0f} requests and
{mails:.0f} emails per second.

1. **SES**: a new account may send 200 emails a day; in production it starts at 14 per second. Further emails wait in
   their queue, which keeps them for four days. Remedy: request a higher rate in advance.
2. **Throttling of the gateway**: 200 requests per second with bursts of 400, set in `template.yaml`. Remedy: raise it
   there; the limit of the account is 10,000.
3. **Position reports**: 2,000 drivers that send each position by itself reach those 200 requests per second. Remedy:
   raise the same throttle. Phones that collect positions for a minute allow 12,000 drivers. The table is not a limit:
   each trip has its own partition, and each position is one write unit.
4. **Concurrency of Lambda**: 10 in a new account, 1,000 in others; requests of 50 ms need {requests * 0.05:.0f}.
   Remedy: request more for a new account.
5. **The numbers of one organization**: they have no gaps, so an organization's charters are created one after the
   other, {one_organization:.0f} per second here with {CONNECTIONS} connections. Organizations do not affect each other.
   Remedy for a higher rate: assign numbers on booking instead of on quoting, or a sequence per branch.
6. **One partition of an index**: 1,000 write units per second on AWS. Lists are partitioned by organization and month;
   a charter writes three units to each of its four indexes. Remedy: partition by day instead of month."""
