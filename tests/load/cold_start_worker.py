"""Measure one cold start in a fresh process: `python -S cold_start_worker.py JOB.json`.

Only modules of the standard library are imported before the measurement.
"""

import importlib
import io
import json
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    job = json.loads(Path(sys.argv[1]).read_text())
    sys.path[:0] = job["paths"]
    output, sys.stdout = sys.stdout, io.StringIO()
    wall, cpu = time.perf_counter(), time.process_time()
    module = importlib.import_module(job["module"])
    ready = {"wall": (time.perf_counter() - wall) * 1000, "cpu": (time.process_time() - cpu) * 1000}
    first_request = None
    if job["event"]:
        context = type("Context", (), {"aws_request_id": "bench"})
        wall, cpu = time.perf_counter(), time.process_time()
        status = module.app(job["event"], context())["statusCode"]
        first_request = {"wall": (time.perf_counter() - wall) * 1000, "cpu": (time.process_time() - cpu) * 1000}
        if status >= 400:
            sys.exit(f"{job['module']} returned {status}")
    print(json.dumps({"ready": ready, "first_request": first_request, "modules": len(sys.modules)}), file=output)
