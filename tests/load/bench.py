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

from infra.local import console
from infra.local.layers import layer_archives
from infra.local.stack_config import ROOT
from tests import stack
from tests.load import cold_starts, gateway_requests, in_process_runner, machine, position_load, report, unpacked_code
from tests.load.results import Found

REPORT: Final = ROOT / "docs" / "performance.md"
FEW: Final = 100


def measure() -> Found:
    """All measurements, one after the other, so that none disturbs another."""
    rounds = int(os.environ.get("COACHWAY_BENCH_ROUNDS", "40"))
    many = int(os.environ.get("COACHWAY_BENCH_CHARTERS", "10000"))
    busy = machine.load()
    built = unpacked_code.unpack()
    home = stack.get_stack("bench").config
    with in_process_runner.table(home) as table, console.report_step(f"Asking in process, {rounds} times each"):
        warm = in_process_runner.run(home, built, table, "warm", rounds=rounds)
    with in_process_runner.table(home) as table:
        starts = cold_starts.measure(home, built, table, max(5, rounds // 4))
    with in_process_runner.table(home) as table, console.report_step(f"Growing to {many:,} charters"):
        growth = in_process_runner.run(home, built, table, "grow", charters=[FEW, many])
    with in_process_runner.table(home) as table:  # at the end: the stack is busy with what follows for a while
        door = gateway_requests.measure(home, built, table, rounds)
    with console.report_step(f"Following {position_load.DRIVERS} drivers for {position_load.SECONDS} seconds"):
        followed = position_load.measure(home)
    return Found(
        starts=starts,
        warm=warm,
        through=door,
        growth=growth,
        swarm=followed,
        sizes=layer_archives.layer_sizes(layer_archives.Platform("local")),
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
    stack.prepare_run()
    try:
        found = measure()
    except (RuntimeError, AssertionError) as failure:
        print(f"\n✗ {failure}", file=sys.stderr)
        return 1
    finally:
        stack.finish_run()
    REPORT.write_text(report.page(found))
    print(f"\n{report.summary(found)}\n\n{REPORT.relative_to(ROOT)} was written; {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
