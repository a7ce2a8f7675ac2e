"""One cold start, in a fresh process: `python -S starting.py JOB.json`. Standard library only until the clock runs."""

import importlib
import io
import json
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    job = json.loads(Path(sys.argv[1]).read_text())
    sys.path[:0] = job["paths"]
    answer, sys.stdout = sys.stdout, io.StringIO()
    wall, cpu = time.perf_counter(), time.process_time()
    module = importlib.import_module(job["module"])
    ready = {"wall": (time.perf_counter() - wall) * 1000, "cpu": (time.process_time() - cpu) * 1000}
    first = None
    if job["event"]:
        context = type("Context", (), {"aws_request_id": "bench"})
        wall, cpu = time.perf_counter(), time.process_time()
        status = module.app(job["event"], context())["statusCode"]
        first = {"wall": (time.perf_counter() - wall) * 1000, "cpu": (time.process_time() - cpu) * 1000}
        if status >= 400:
            sys.exit(f"{job['module']} answered {status}")
    print(json.dumps({"ready": ready, "first": first, "modules": len(sys.modules)}), file=answer)
