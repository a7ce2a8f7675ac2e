"""`make bench`: measure everything, print the goals, and write docs/performance.md.

It starts a stack of its own. To use a running one: `COACHWAY_TEST_STACK=.local make bench`. `COACHWAY_BENCH_ROUNDS` is
how often each request is repeated, `COACHWAY_BENCH_CHARTERS` the size of the large organization, and
`COACHWAY_BENCH_REPORT` another file to write.
"""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from typing import Final

from infra.local import console
from infra.local.layers import builder
from infra.local.stack_config import ROOT
from tests import stack
from tests.load import cold_starts, gateway_bench, in_process_runner, machine, position_load, report, unpacked_code
from tests.load.results import BenchResults

REPORT: Final = ROOT / "docs" / "performance.md"
FEW_CHARTERS: Final = 100


def measure_all() -> BenchResults:
    """Run all measurements, one after the other, so that none disturbs another."""
    rounds = int(os.environ.get("COACHWAY_BENCH_ROUNDS", "40"))
    many_charters = int(os.environ.get("COACHWAY_BENCH_CHARTERS", "10000"))
    drivers, seconds = position_load.DRIVERS, int(os.environ.get("COACHWAY_BENCH_SECONDS", position_load.SECONDS))
    machine_load = machine.load_average()
    code = unpacked_code.unpack_code()
    config = stack.get_stack("shared").config
    run_worker, temporary_table = in_process_runner.run_worker, in_process_runner.temporary_table
    with temporary_table(config) as table, console.report_step(f"Measuring requests in process, {rounds} times each"):
        warm = run_worker(config, code, table, "warm_requests", rounds=rounds)
    with temporary_table(config) as table:
        starts = cold_starts.measure_cold_starts(config, code, table, max(5, rounds // 4))
    with temporary_table(config) as table, console.report_step(f"Growing to {many_charters:,} charters"):
        growth = run_worker(config, code, table, "growth", charters=[FEW_CHARTERS, many_charters])
    with temporary_table(config) as table:  # late, because the stack handles the events for a while
        gateway = gateway_bench.measure_gateway(config, code, table, rounds)
    with console.report_step(f"Sending positions of {drivers} drivers for {seconds} seconds"):
        positions = position_load.measure_position_load(config, drivers, seconds)
    return BenchResults(
        starts=starts,
        warm=warm,
        gateway=gateway,
        growth=growth,
        positions=positions,
        layer_sizes=builder.layer_sizes(builder.Platform("local")),
        alarms=_count_resources("AWS::CloudWatch::Alarm"),
        secrets=_count_resources("AWS::SecretsManager::Secret"),
        machine_load=machine_load,
    )


def _count_resources(resource_type: str) -> int:
    texts = [(ROOT / name).read_text() for name in ("template.yaml", "infra/observability.yaml")]
    return sum(len(re.findall(rf"Type: {resource_type}\b", text)) for text in texts)


def main() -> int:
    """Measure, print the goals and write the report."""
    started = time.monotonic()
    stack.prepare_run()
    try:
        results = measure_all()
    except (RuntimeError, AssertionError) as error:
        print(f"\n✗ {error}", file=sys.stderr)
        return 1
    finally:
        stack.finish_run()
    file = Path(os.environ.get("COACHWAY_BENCH_REPORT") or REPORT)
    file.write_text(report.build_report(results))
    print(f"\n{report.summarize_goals(results)}\n\nWrote {file} after {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
