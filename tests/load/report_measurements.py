"""The parts of the report that tell of time and calls."""

from __future__ import annotations

from tests.load import gateway_requests
from tests.load.results import API_LAYERS, Found, table


def cold_starts(found: Found) -> str:
    """Starts of every function."""
    rows = []
    for start in found.starts:
        ready, first = start.middle("ready", "cpu") or 0.0, start.middle("first", "cpu")
        wall = start.middle("ready", "wall") or 0.0
        then = f"{first:.0f}" if first is not None else ""
        ratio = f"{ready / found.floor_start:.2f}"
        rows.append((start.name, f"{wall:.0f}", f"{ready:.0f}", ratio, then, str(start.modules)))
    head = ("function", "ready, ms", "CPU, ms", "× floor", "first request, CPU ms", "modules")
    return f"""## Cold start

A fresh process on the unpacked layers, compiled, from its first import until it is ready: routes declared, DynamoDB's
client made. Then its first request, which builds the models that it needs (create a charter, calculate a quote, get a
client, who am I; the floor: create). The ratio is of CPU time, which a busy machine disturbs less. Goals are of API
functions: those of pages carry a template engine besides, and for those that nobody waits for it matters less.

{table(head, rows)}"""


def warm_requests(found: Found) -> str:
    """Calls, units and processor time by route."""
    rows = [
        (
            row["name"],
            f"`{row['method']} {row['path']}`" if row["path"] else "",
            str(row["trips"]),
            f"{row['read_units']:g}",
            f"{row['write_units']:g}",
            f"{row['cpu']:.2f}",
            f"{row['ratio']:.2f}",
            f"{row['wall']:.1f}",
        )
        for row in found.warm
    ]
    head = ("request", "route", "calls", "read units", "write units", "CPU, ms", "× floor", "wall, ms")
    return f"""## Warm, by route

In one process, as Lambda calls the function, on the emulator's table: calls of DynamoDB, what they cost, processor time
on the client's side. A write of an item in a transaction costs two units for each KB, and one more for every index that
the item is on.

{table(head, rows)}"""


def at_the_door(found: Found) -> str:
    """What callers see."""
    door = found.through
    floor, rate = door.p50("floor"), door.rate("floor")
    alone = [(n, f"{door.p50(n):.1f}", f"{door.p95(n):.1f}", f"{door.p50(n) / floor:.2f}") for n in door.alone]
    together = [(name, f"{door.rate(name):.0f}", f"{door.rate(name) / rate:.2f}") for name in door.together]
    mails = [(name, f"{seconds:.1f}") for name, seconds in door.mails]
    charter, whole = "create a charter", gateway_requests.WHOLE.name
    longer, rarer = door.p50(charter) / door.p50(whole), door.rate(charter) / door.rate(whole)
    return f"""## Through the emulator

Through gateway and function on the local stack, whose emulator shares the machine with everything that it runs: the
relay of events and the mails that follow from these requests, too. Where the floor puts one item, a charter is a read
of four and a transaction of seven, with two events for the relay. All of that is done by one process of Python, the
emulator's, so that these ratios tell more of it than of the handlers; AWS has no such process. The floor with a
charter's calls makes the same read and a transaction of as many items, and nothing else: creating a charter takes
{longer:.2f} × as long as that, and is answered {rarer:.2f} × as often at {gateway_requests.AT_ONCE} connections.

{table(("at one connection", "p50, ms", "p95, ms", "× floor"), alone)}

{table((f"at {gateway_requests.AT_ONCE} connections", "answers a second", "× floor"), together)}

Sixteen organizations ask at once, but for the last line: numbers without gaps make the charters of **one**
organization a queue, since each moves the same counter in its transaction.

{table(("from sending a quote to its mail", "seconds"), mails)}"""


def positions(found: Found) -> str:
    """What became of five hundred drivers' positions."""
    swarm = found.swarm
    lines = [
        ("drivers, each with a fix in ten seconds", f"{swarm.drivers:,}"),
        ("seconds", f"{swarm.seconds:.0f}"),
        ("fixes recorded", f"{swarm.recorded:,}"),
        ("kept", f"{swarm.kept:,}"),
        ("lost", f"{swarm.lost:,}"),
        ("kept twice, invented or out of order", f"{swarm.wrong:,}"),
        ("requests", f"{swarm.requests:,}"),
        ("fixes in a request, on average", f"{swarm.a_batch:.1f}"),
        ("fixes sent again though they were answered", f"{swarm.repeated:,}"),
        ("requests that failed and were sent again", f"{swarm.again:,}"),
        ("p50 of a request, ms", f"{swarm.p50:.0f}"),
        ("p95, ms", f"{swarm.p95:.0f}"),
        ("seconds until the last outbox was empty", f"{swarm.drained:.1f}"),
        ("processes that wanted to run when it began", f"{swarm.busy:.1f}"),
    ]
    return f"""## Positions

`python -m tests.load.position_load`: {swarm.drivers} drivers are on the road, each with an access token and a trip of
their own. Their phones record a position every ten seconds and send what they have as soon as no request is in
progress; on a machine that is too slow for one request per position, requests carry more. Afterwards every page of each
trail is read and compared with what was recorded, to the millisecond.

{table(("what", "number"), lines)}"""


def growth(found: Found) -> str:
    """Whether a large organization pays more."""
    counts = sorted({row["charters"] for row in found.growth})
    lines = [
        (name, _units(few), _units(many), "same" if few == many else "**differs**") for name, few, many in found.grown()
    ]
    head = ("request", f"{counts[0]:,} charters", f"{counts[-1]:,} charters", "")
    return f"""## Growth

Calls, read and write units with few and with many charters in the organization, all of them made in this month: the
fullest that the partitions of its lists can be. (`COACHWAY_BENCH_CHARTERS=100000` does it with more; the emulator then
takes seconds for a list, and the same units.)

{table(head, lines)}"""


def _units(triple: tuple[float, ...]) -> str:
    return f"{triple[0]:g} calls, {triple[1]:g} + {triple[2]:g}"


def packages(found: Found) -> str:
    """Sizes of the layers."""
    lines = [(name, f"{size / 2**20:.1f}") for name, size in found.sizes.items()]
    carried = " and ".join(f"`{name}`" for name in API_LAYERS)
    return f"""## Packages

{table(("layer", "MB unpacked"), lines)}

API functions carry {carried}: {found.api_megabytes:.1f} MB. Those that draw pages or papers carry `documents`, the
one that sends messages `messaging` besides."""
