"""Run the product's routes in one process as Lambda would, on the built layers and nothing else.

    python -S in_process_worker.py JOB.json

The job names the layers, the functions and the measurement. The result is JSON on standard output; what the functions
log is written to the null device.
"""

from __future__ import annotations

import base64
import gc
import importlib.util
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

JOB: Final[dict[str, Any]] = json.loads(Path(sys.argv[1]).read_text())
sys.path[:0] = [*JOB["layers"], JOB["root"]]

from tests.load import measured_requests as measured  # noqa: E402 - the job sets the path
from tests.load import setup_requests as setup  # noqa: E402
from tests.load.dynamodb_meter import Meter  # noqa: E402
from tests.load.request_steps import RequestStep, Session  # noqa: E402

BASE: Final = "/api/v1"
EXISTING: Final = 21
"""How many clients, charters and vendors exist before the first measurement: one more than a page."""
Row = dict[str, Any]


class Context:
    """The context that Lambda passes to a handler."""

    aws_request_id = "bench"
    function_name = "bench"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:bench"


def load_entry(path: Path) -> ModuleType:
    """Load the entry module of a function by its file."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def load_consumer(capability: str) -> Any:
    """Load the handler of a capability's consumer."""
    return load_entry(Path(JOB["functions"]) / capability / "consumer.py").handler


class LoadedFunctions:
    """The entries of all functions and of the baseline in one process."""

    def __init__(self) -> None:
        self.baseline = load_entry(Path(JOB["baseline"]) / "api.py")
        self.last_sample: dict[str, float] = {}
        self.entries: dict[str, Any] = {}
        for step in (*setup.SIGN_UP, *setup.PREPARE, *measured.MEASURED):
            self.load(step.capability)

    def load(self, capability: str) -> None:
        """Load an API entry: of a capability (`clients`), or another one by name (`dispatch/calendars_api`)."""
        if capability not in self.entries:
            file = f"{capability}.py" if "/" in capability else f"{capability}/api.py"
            self.entries[capability] = load_entry(Path(JOB["functions"]) / file)

    def build_event(
        self, capability: str, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """The event that API Gateway would pass to the function."""
        request_path, _, query = path.partition("?")
        parameters: dict[str, str] = {}
        resource = request_path
        if capability != "baseline":
            request_path = BASE + request_path
            resource, parameters = self._match_route(capability, method, request_path)
        pairs = parse_qsl(query)
        content = json.dumps(body).encode() if body is not None else b""
        return {
            "resource": resource,
            "path": request_path,
            "httpMethod": method,
            "headers": dict(headers),
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": dict(pairs) or None,
            "multiValueQueryStringParameters": {name: [value] for name, value in pairs} or None,
            "pathParameters": parameters or None,
            "stageVariables": None,
            "requestContext": {
                "resourcePath": resource,
                "httpMethod": method,
                "path": f"/live{request_path}",
                "requestId": "bench",
                "identity": {"sourceIp": "192.0.2.7"},
            },
            "body": base64.b64encode(content).decode(),
            "isBase64Encoded": True,
        }

    def _match_route(self, capability: str, method: str, path: str) -> tuple[str, dict[str, str]]:
        """The route of a path and its parameters; of several, the one with the fewest parameters."""
        segments = path.strip("/").split("/")
        best: tuple[str, dict[str, str]] | None = None
        for route in self.entries[capability].api.routes:
            parts = route.path.strip("/").split("/")
            if route.method != method or len(parts) != len(segments):
                continue
            pairs = list(zip(parts, segments, strict=True))
            if all(part == segment or part.startswith("{") for part, segment in pairs):
                parameters = {part[1:-1]: unquote(segment) for part, segment in pairs if part.startswith("{")}
                if best is None or len(parameters) < len(best[1]):
                    best = route.path, parameters
        if best is None:
            raise LookupError(f"{method} {path}")
        return best

    def send(self, capability: str, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Answer one request, and measure it."""
        event = self.build_event(capability, method, path, body, headers)
        app = self.baseline.app if capability == "baseline" else self.entries[capability].app
        wall, cpu = time.perf_counter(), time.process_time()
        response = app(event, Context())
        self.last_sample = {
            "cpu": (time.process_time() - cpu) * 1000,
            "wall": (time.perf_counter() - wall) * 1000,
            "bytes": len(response["body"]),
        }
        text = response["body"]
        return response["statusCode"], json.loads(text) if text.startswith(("{", "[")) else text


def prepare_session(functions: LoadedFunctions) -> Session:
    """Sign up an organization with its rules, and with more than a page of every list."""
    session = Session(functions.send)
    for step in (*setup.SIGN_UP, *setup.PREPARE):
        session.run(step)
    for _ in range(EXISTING):
        for step in (setup.CREATE_CLIENT, setup.CREATE_CHARTER, setup.CREATE_VENDOR):
            session.run(step)
    return session


def measure_warm_requests() -> list[Row]:
    """Measure every request round after round, the baseline among them."""
    functions = LoadedFunctions()
    session = prepare_session(functions)
    gc.collect()
    gc.freeze()
    steps = (*measured.BASELINES, *measured.MEASURED)
    samples: dict[str, list[dict[str, float]]] = {}
    for number in range(JOB["rounds"] + 3):
        for step in steps:
            if number % step.every_nth_round and number > 2:
                continue
            session.send(session.prepare(step))
            if number > 2:
                samples.setdefault(step.name, []).append(functions.last_sample)
    rows = [_measure_row(session, functions, step, samples.get(step.name, [])) for step in steps]
    from tests.load.event_rows import EventBench
    from tests.load.position_rows import PositionBench

    rows += EventBench(session, load_consumer("relay"), load_consumer("messaging"), Context()).measure(JOB["rounds"])
    return [*rows, *PositionBench(session, functions).measure(JOB["rounds"])]


def _measure_row(
    session: Session, functions: LoadedFunctions, step: RequestStep, samples: list[dict[str, float]]
) -> Row:
    usage = _measure_usage(session, step)
    return {
        "name": step.name,
        "method": step.method,
        "path": step.path.partition("?")[0],
        "capability": step.capability,
        "max_calls": step.max_calls,
        "samples": samples or [functions.last_sample],
        **usage,
    }


def _measure_usage(session: Session, step: RequestStep) -> dict[str, Any]:
    """What a request uses of DynamoDB.

    A request with more calls than its goal is sent again, because it may have refreshed what the process caches.
    """
    usage = _measure_usage_once(session, step)
    if step.max_calls is not None and usage["calls"] > step.max_calls:
        again = _measure_usage_once(session, step)
        return min(usage, again, key=lambda each: int(each["calls"]))
    return usage


def _measure_usage_once(session: Session, step: RequestStep) -> dict[str, Any]:
    request = session.prepare(step)
    with Meter().running() as meter:
        session.send(request)
    return meter.usage()


def build_first_events() -> dict[str, Any]:
    """An event for the first request of each function that a cold start delays."""
    functions = LoadedFunctions()
    session = prepare_session(functions)
    events: dict[str, Any] = {}
    for step in (measured.BASELINE, *measured.FIRST_REQUESTS):
        request = session.prepare(step)
        request.headers.pop("Idempotency-Key", None)  # the request is repeated
        event = functions.build_event(step.capability, step.method, request.path, request.body, request.headers)
        events.setdefault(step.capability, event)
    return events


def measure_growth() -> list[Row]:
    """Measure what requests use of DynamoDB with few charters in the organization, and with many."""
    from tests.load.bulk_charters import BulkCharters

    session = prepare_session(LoadedFunctions())
    charters = BulkCharters(session, EXISTING)
    for step in measured.GROWTH_REQUESTS:  # fill the caches of the process
        session.run(step)
    rows: list[Row] = []
    for count in JOB["charters"]:
        charters.grow_to(count)
        rows += [
            {"charters": count, "name": step.name, **_measure_usage(session, step)} for step in measured.GROWTH_REQUESTS
        ]
    return rows


MEASUREMENTS: Final = {
    "warm_requests": measure_warm_requests,
    "first_events": build_first_events,
    "growth": measure_growth,
}


def main() -> None:
    """Run the job's measurement."""
    output = sys.stdout
    with Path(os.devnull).open("w") as sys.stdout:
        result = MEASUREMENTS[JOB["measurement"]]()
    print(json.dumps(result), file=output)


if __name__ == "__main__":
    main()
