"""`make bench`: measures everything, prints it, and writes docs/performance.md.

It starts a stack of its own and stops it. To measure on one that is up: `COACHWAY_TEST_STACK=.local make bench`.
`COACHWAY_BENCH_CHARTERS` says how large the large organization is, `COACHWAY_BENCH_ROUNDS` how often each request is
repeated.
"""

from __future__ import annotations

import os
import re
import sys
import time
from typing import Final

from infra.local import layers, say
from infra.local.home import ROOT
from tests import stack
from tests.load import cold, inner, machine, report, swarm, through, trees
from tests.load.found import Found

REPORT: Final = ROOT / "docs" / "performance.md"
FEW: Final = 100


def measure() -> Found:
    """All measurements, one after the other, so that none disturbs another."""
    rounds = int(os.environ.get("COACHWAY_BENCH_ROUNDS", "40"))
    many = int(os.environ.get("COACHWAY_BENCH_CHARTERS", "10000"))
    busy = machine.load()
    built = trees.unpack()
    home = stack.obtain("bench").home
    with inner.table(home) as table, say.step(f"Asking in process, {rounds} times each"):
        warm = inner.run(home, built, table, "warm", rounds=rounds)
    with inner.table(home) as table:
        starts = cold.measure(home, built, table, max(5, rounds // 4))
    with inner.table(home) as table, say.step(f"Growing to {many:,} charters"):
        growth = inner.run(home, built, table, "grow", charters=[FEW, many])
    with inner.table(home) as table:  # at the end: the stack is busy with what follows for a while
        door = through.measure(home, built, table, rounds)
    with say.step(f"Following {swarm.DRIVERS} drivers for {swarm.SECONDS} seconds"):
        followed = swarm.measure(home)
    return Found(
        starts=starts,
        warm=warm,
        through=door,
        growth=growth,
        swarm=followed,
        sizes=layers.sizes(layers.Platform("local")),
        alarms=_count("AWS::CloudWatch::Alarm"),
        secrets=_count("AWS::SecretsManager::Secret"),
        busy=busy,
    )


def _count(kind: str) -> int:
    texts = [(ROOT / name).read_text() for name in ("template.yaml", "infra/observability.yaml")]
    return sum(len(re.findall(rf"Type: {kind}\b", text)) for text in texts)


def main() -> int:
    """Measure, print, write."""
    started = time.monotonic()
    stack.begin()
    try:
        found = measure()
    except (RuntimeError, AssertionError) as failure:
        print(f"\n✗ {failure}", file=sys.stderr)
        return 1
    finally:
        stack.end()
    REPORT.write_text(report.page(found))
    print(f"\n{report.summary(found)}\n\n{REPORT.relative_to(ROOT)} was written; {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
