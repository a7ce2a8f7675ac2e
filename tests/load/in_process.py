"""Runs the product's routes in one process as Lambda would, on the built layers and nothing else.

    python -S inside.py JOB.json

A job says where the layers and functions are, and what to measure; the answer is JSON on standard output. What the
functions log goes nowhere, but is written as ever.
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

from tests.load import request_steps  # noqa: E402 - the path says where it is
from tests.load.dynamodb_meter import Meter  # noqa: E402
from tests.load.request_steps import Day, Step  # noqa: E402

BASE: Final = "/api/v1"
FILLED: Final = 21
"""How many clients, charters and vendors there are before the first measurement: a page of every list and one more."""


class Context:
    """What Lambda hands to a handler."""

    aws_request_id = "bench"
    function_name = "bench"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:bench"


def load(path: Path) -> ModuleType:
    """A function's entry, by its file."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class House:
    """Every function's entry, and the floor's, in one process."""

    def __init__(self) -> None:
        self.floor = load(Path(JOB["floor"]) / "api.py")
        functions = Path(JOB["functions"])
        names = {step.capability for step in (*request_steps.SIGN_UP, *request_steps.PREPARE, *request_steps.MEASURED)}
        # A capability's own routes, or those of another of its entries: `dispatch/calendars_api`.
        self.entries = {
            name: load(functions / (f"{name}.py" if "/" in name else f"{name}/api.py")) for name in sorted(names)
        }
        self.last: dict[str, Any] = {}

    def event(self, capability: str, method: str, path: str, body: Any, headers: Mapping[str, str]) -> dict[str, Any]:
        """What API Gateway would hand to the function."""
        asked, _, query = path.partition("?")
        parameters: dict[str, str] = {}
        resource = asked
        if capability != "floor":
            asked = BASE + asked
            resource, parameters = self._route(capability, method, asked)
        pairs = parse_qsl(query)
        content = json.dumps(body).encode() if body is not None else b""
        return {
            "resource": resource,
            "path": asked,
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
                "path": f"/live{asked}",
                "requestId": "bench",
                "identity": {"sourceIp": "192.0.2.7"},
            },
            "body": base64.b64encode(content).decode(),
            "isBase64Encoded": True,
        }

    def _route(self, capability: str, method: str, path: str) -> tuple[str, dict[str, str]]:
        wanted = path.strip("/").split("/")
        best: tuple[str, dict[str, str]] | None = None
        for route in self.entries[capability].api.routes:
            parts = route.path.strip("/").split("/")
            if route.method != method or len(parts) != len(wanted):
                continue
            if all(part == asked or part.startswith("{") for part, asked in zip(parts, wanted, strict=True)):
                found = {p[1:-1]: unquote(a) for p, a in zip(parts, wanted, strict=True) if p.startswith("{")}
                if best is None or len(found) < len(best[1]):
                    best = route.path, found
        if best is None:
            raise LookupError(f"{method} {path}")
        return best

    def send(self, capability: str, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Answer one request, and note its price in time."""
        event = self.event(capability, method, path, body, headers)
        app = self.floor.app if capability == "floor" else self.entries[capability].app
        wall, cpu = time.perf_counter(), time.process_time()
        answer = app(event, Context())
        self.last = {
            "cpu": (time.process_time() - cpu) * 1000,
            "wall": (time.perf_counter() - wall) * 1000,
            "bytes": len(answer["body"]),
        }
        text = answer["body"]
        return answer["statusCode"], json.loads(text) if text[:1] in "{[" else text


def prepare(house: House) -> Day:
    """Sign an organization up, with its rules and enough to fill a page of every list."""
    day = Day(house.send)
    for step in (*request_steps.SIGN_UP, *request_steps.PREPARE):
        day.take(step)
    for _ in range(FILLED):
        for step in (request_steps.ADD_CLIENT, request_steps.ADD_CHARTER, request_steps.ADD_VENDOR):
            day.take(step)
    return day


FLOOR: Final = (
    Step("floor", "floor", "POST", "/orders", request_steps.ORDER, anyone=True),
    Step("floor, with idempotency", "floor", "POST", "/orders/once", request_steps.ORDER, anyone=True),
    Step("floor, with a charter's calls", "floor", "POST", "/orders/whole", request_steps.ORDER, anyone=True),
)


def warm() -> list[dict[str, Any]]:
    """Every step, round after round, the floor among them."""
    house = House()
    day = prepare(house)
    gc.collect()
    gc.freeze()
    samples: dict[str, list[dict[str, float]]] = {}
    for number in range(JOB["rounds"] + 3):
        for step in (*FLOOR, *request_steps.MEASURED):
            if number % step.times and number > 2:
                continue
            day.ask(*day.ready(step))
            if number > 2:
                samples.setdefault(step.name, []).append(house.last)
    rows = [_row(day, house, step, samples.get(step.name, [])) for step in (*FLOOR, *request_steps.MEASURED)]
    from tests.load.position_requests import ENTRY, Road

    house.entries[ENTRY] = load(Path(JOB["functions"]) / "dispatch" / "tracking_api.py")
    return [*rows, *Aftermath(day).rows(JOB["rounds"]), *Road(day, house).rows(JOB["rounds"])]


def first() -> dict[str, Any]:
    """A first request for every function: what a cold start is there to answer."""
    house = House()
    day = prepare(house)
    events: dict[str, Any] = {}
    for wanted in (*FLOOR[:1], *request_steps.FIRST):
        step, path, body, headers = day.ready(wanted)
        headers.pop("Idempotency-Key", None)  # it is asked again and again
        events.setdefault(step.capability, house.event(step.capability, step.method, path, body, headers))
    return events


def _row(day: Day, house: House, step: Step, samples: list[dict[str, float]]) -> dict[str, Any]:
    metered = _metered(day, step)
    return {
        "name": step.name,
        "method": step.method,
        "path": step.path.partition("?")[0],
        "capability": step.capability,
        "goal": step.goal,
        "samples": samples or [house.last],
        **metered,
    }


def _metered(day: Day, step: Step) -> dict[str, Any]:
    ready = day.ready(step)
    with Meter().running() as meter:
        day.ask(*ready)
    return {
        "trips": meter.trips,
        "read_units": meter.read_units,
        "write_units": meter.write_units,
        "written": meter.written,
        "grown": meter.grown,
    }


class Aftermath:
    """What follows a request by itself: its event is relayed, and a mail goes out."""

    def __init__(self, day: Day) -> None:
        functions = Path(JOB["functions"])
        self.relay = load(functions / "relay" / "consumer.py").handler
        self.messaging = load(functions / "messaging" / "consumer.py").handler
        self.day = day

    def rows(self, rounds: int) -> list[dict[str, Any]]:
        """One for the relay of an event, one for a mail."""
        runs: dict[str, list[tuple[dict[str, float], Meter]]] = {"relay an event": [], "mail a quote": []}
        for _ in range(rounds // 2 + 1):
            for step in (request_steps.ADD_CHARTER, request_steps.SEND):
                self.day.take(step)
            envelope, image = self._newest("quote.sent")
            record = {"eventName": "INSERT", "dynamodb": {"NewImage": image}}
            runs["relay an event"].append(_timed(self.relay, {"Records": [record]}))
            body = json.dumps({"detail-type": envelope.type, "detail": envelope.detail()})
            message = {"messageId": "1", "receiptHandle": "1", "body": body, "eventSource": "aws:sqs", "attributes": {}}
            runs["mail a quote"].append(_timed(self.messaging, {"Records": [message]}))
        return [_sum(name, measured[1:]) for name, measured in runs.items()]

    def _newest(self, kind: str) -> tuple[Any, Any]:
        from coachway.core.auth import authentication
        from coachway.core.persistence.domain_events import Envelope
        from coachway.core.persistence.table import connection
        from coachway.core.runtime import settings

        org = authentication.verify_token(self.day.known["access"])["org"]
        partition = f"ORG#{org}#CHARTER#{self.day.known['charter_id']}"
        found = connection().query(settings.table_name(), partition, scan_index_forward=False)["Items"]
        for image in found:
            if image["kind"]["S"] == "event":
                envelope = Envelope.model_validate_json(image["doc"]["S"])
                if envelope.type == kind:
                    return envelope, image
        raise LookupError(kind)


def _timed(handler: Any, event: dict[str, Any]) -> tuple[dict[str, float], Meter]:
    with Meter().running() as meter:
        wall, cpu = time.perf_counter(), time.process_time()
        answer = handler(event, Context())
        taken = {"cpu": (time.process_time() - cpu) * 1000, "wall": (time.perf_counter() - wall) * 1000, "bytes": 0.0}
    if answer and answer.get("batchItemFailures"):
        raise RuntimeError("a message was not consumed")
    return taken, meter


def _sum(name: str, measured: list[tuple[dict[str, float], Meter]]) -> dict[str, Any]:
    meter = measured[-1][1]
    return {
        "name": name,
        "method": "",
        "path": "",
        "capability": "messaging" if "mail" in name else "relay",
        "goal": None,
        "samples": [taken for taken, _ in measured],
        "trips": meter.trips,
        "read_units": meter.read_units,
        "write_units": meter.write_units,
        "written": meter.written,
        "grown": meter.grown,
    }


def grow() -> list[dict[str, Any]]:
    """What steps cost with few charters in the organization, and with many."""
    from tests.load.bulk_charters import Crowd

    house = House()
    day = prepare(house)
    crowd = Crowd(day, FILLED)
    for step in request_steps.GROWING:  # what a process keeps, it keeps from here on
        day.take(step)
    rows: list[dict[str, Any]] = []
    for count in JOB["charters"]:
        seconds = crowd.reach(count)
        known = {"charters": count, "seconds": seconds}
        rows += [{**known, "name": step.name, **_metered(day, step)} for step in request_steps.GROWING]
    return rows


def main() -> None:
    """Do the job."""
    answer = sys.stdout
    with Path(os.devnull).open("w") as sys.stdout:
        found = {"warm": warm, "first": first, "grow": grow}[JOB["measure"]]()
    print(json.dumps(found), file=answer)


if __name__ == "__main__":
    main()
