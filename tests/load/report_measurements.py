"""The sections of the report on times, DynamoDB calls and sizes."""

from __future__ import annotations

from tests.load.gateway_bench import CONNECTIONS
from tests.load.measured_requests import BASELINE, BASELINE_CHARTER_CALLS
from tests.load.results import API_LAYERS, BenchResults, markdown_table


def cold_start_section(results: BenchResults) -> str:
    """Cold starts of every function."""
    rows = []
    for start in results.starts:
        ready, first = start.fastest_ms("ready", "cpu") or 0.0, start.fastest_ms("first_request", "cpu")
        wall = start.fastest_ms("ready", "wall") or 0.0
        first_cell = f"{first:.0f}" if first is not None else ""
        ratio = f"{ready / results.baseline_start_ms:.2f}"
        rows.append((start.name, f"{wall:.0f}", f"{ready:.0f}", ratio, first_cell, str(start.modules)))
    head = ("function", "ready, ms", "CPU, ms", "× baseline", "first request, CPU ms", "modules")
    return f"""## Cold start

A fresh process on the unpacked, compiled layers, from its first import until it is ready: routes declared, DynamoDB
client created. Then its first request, which builds the models that it needs (create a charter, calculate a quote, get
a client, get my account; for the baseline, create an order). Each figure is the fastest of all rounds, since a start
does the same work every time and other processes only make it slower. The ratio is of CPU time. The goals are for API
functions: page functions also load a template engine, and the start of consumers and workflow steps delays no caller.

{markdown_table(head, rows)}"""


def warm_request_section(results: BenchResults) -> str:
    """DynamoDB calls, request units and CPU time by route."""
    rows = [
        (
            row["name"],
            f"`{row['method']} {row['path']}`" if row["path"] else "",
            str(row["calls"]),
            f"{row['read_units']:g}",
            f"{row['write_units']:g}",
            f"{row['cpu']:.2f}",
            f"{row['ratio']:.2f}",
            f"{row['wall']:.1f}",
        )
        for row in results.warm
    ]
    head = ("request", "route", "DynamoDB calls", "read units", "write units", "CPU, ms", "× baseline", "wall, ms")
    return f"""## Warm requests

In one process, called as Lambda calls the function, with a table on the emulator: DynamoDB calls and their request
units, and the CPU time of the caller's side. Writing an item in a transaction costs two units per KB, and one unit per
KB for every index that has the item.

{markdown_table(head, rows)}"""


def gateway_section(results: BenchResults) -> str:
    """Latency and throughput through the gateway."""
    gateway = results.gateway
    baseline_p50, baseline_rate = gateway.p50(BASELINE.name), gateway.rate(BASELINE.name)
    sequential = [
        (name, f"{gateway.p50(name):.1f}", f"{gateway.p95(name):.1f}", f"{gateway.p50(name) / baseline_p50:.2f}")
        for name in gateway.sequential
    ]
    concurrent = [
        (name, f"{gateway.rate(name):.0f}", f"{gateway.rate(name) / baseline_rate:.2f}") for name in gateway.concurrent
    ]
    mails = [(name, f"{seconds:.1f}") for name, seconds in gateway.mails]
    charter, same_calls = "create a charter", BASELINE_CHARTER_CALLS.name
    latency_ratio = gateway.p50(charter) / gateway.p50(same_calls)
    rate_ratio = gateway.rate(charter) / gateway.rate(same_calls)
    return f"""## Through the gateway

Requests through the gateway and the functions of the local stack. The emulator shares the machine with everything that
it runs, also with the events and emails that follow from these requests. The baseline puts one item; creating a charter
reads four items and writes seven in a transaction, with two events. A single Python process, the emulator, does all of
this work, so these ratios say more about the emulator than about the functions. AWS has no such bottleneck. The
baseline with a charter's calls makes the same calls with as many items: creating a charter takes {latency_ratio:.2f}
times as long, and {CONNECTIONS} connections get {rate_ratio:.2f} times as many responses.

{markdown_table(("one connection", "p50, ms", "p95, ms", "× baseline"), sequential)}

{markdown_table((f"{CONNECTIONS} connections", "responses per second", "× baseline"), concurrent)}

The connections belong to {CONNECTIONS} organizations, except in the last row. Charter numbers have no gaps, so each
charter of **one** organization increments the same counter in its transaction: they are created one after the other.

{markdown_table(("from sending a quote to email delivery", "seconds"), mails)}"""


def position_section(results: BenchResults) -> str:
    """What became of the positions of many drivers."""
    load = results.positions
    rows = [
        ("drivers, each with a position every ten seconds", f"{load.drivers:,}"),
        ("seconds", f"{load.seconds:.0f}"),
        ("positions recorded", f"{load.recorded:,}"),
        ("positions stored", f"{load.stored:,}"),
        ("positions lost", f"{load.lost:,}"),
        ("duplicated, unexpected or out of order", f"{load.wrong:,}"),
        ("requests", f"{load.requests:,}"),
        ("positions per request, on average", f"{load.batch_size:.1f}"),
        ("positions sent twice and recognized as duplicates", f"{load.duplicates:,}"),
        ("requests that failed and were sent again", f"{load.retries:,}"),
        ("p50 of a request, ms", f"{load.p50:.0f}"),
        ("p95 of a request, ms", f"{load.p95:.0f}"),
        ("seconds until the last outbox was empty", f"{load.drain_seconds:.1f}"),
        ("load average at the start", f"{load.machine_load:.1f}"),
    ]
    return f"""## Position reports

`python -m tests.load.position_load`: {load.drivers} drivers are on the road, each with an access token and a trip of
their own. Their phones record a position every ten seconds and send what they have as soon as no request is in
progress; on a machine that is too slow for one request per position, requests carry more. Afterwards every page of each
trail is read and compared with what was recorded, to the millisecond.

{markdown_table(("figure", "value"), rows)}"""


def growth_section(results: BenchResults) -> str:
    """Whether requests cost more in a large organization."""
    counts = sorted({row["charters"] for row in results.growth})
    rows = [
        (name, _format_cost(few), _format_cost(many), "same" if few == many else "**differs**")
        for name, few, many in results.growth_costs()
    ]
    head = ("request", f"{counts[0]:,} charters", f"{counts[-1]:,} charters", "")
    return f"""## Growth

DynamoDB calls, read units and write units with few and with many charters in the organization. All of them were created
this month, which fills the partitions of the lists as much as possible. (`COACHWAY_BENCH_CHARTERS=100000` measures
more; the emulator then takes seconds for a list, with the same units.)

{markdown_table(head, rows)}"""


def _format_cost(cost: tuple[float, ...]) -> str:
    return f"{cost[0]:g} {'call' if cost[0] == 1 else 'calls'}, {cost[1]:g} read, {cost[2]:g} write"


def layer_section(results: BenchResults) -> str:
    """Sizes of the layers."""
    rows = [(name, f"{size / 2**20:.1f}") for name, size in results.layer_sizes.items()]
    layers = " and ".join(f"`{name}`" for name in API_LAYERS)
    return f"""## Layers

{markdown_table(("layer", "MB unpacked"), rows)}

API functions have the layers {layers}: {results.api_megabytes:.1f} MB. Functions that render pages also have
`documents`, those that draw PDFs also `pdf`, and the function that sends messages also has `messaging`."""
