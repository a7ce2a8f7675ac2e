"""Through the emulator's gateway, as callers see it: one connection, sixteen connections, and how soon mails are there.

The floor's function is deployed beside the product for the time of the measurement, by API calls.
"""

from __future__ import annotations

import http.client
import io
import json
import time
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any, Final
from urllib.parse import quote

import httpx

from infra.local import aws_clients, console
from infra.local.stack_config import REGION, StackConfig
from tests.load import request_steps
from tests.load.request_steps import Day, Step
from tests.load.unpacked_code import Trees

FLOOR_API: Final = "benchfloor"
AT_ONCE: Final = 16
_WINDOW: Final = 2.5
"""Seconds that sixteen connections ask for before the other side has its turn."""


class Door:
    """One kept connection to the gateway."""

    def __init__(self, home: StackConfig) -> None:
        self._connection = http.client.HTTPConnection("localhost", home.port, timeout=60)
        self._stage = home.public_url.partition(f":{home.port}")[2]

    def send(self, capability: str, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Ask, and wait for the whole answer."""
        stage = {"floor": f"/_aws/execute-api/{FLOOR_API}/live", "pages": self._stage}.get(
            capability, f"{self._stage}/api/v1"
        )
        content = json.dumps(body).encode() if body is not None else None
        self._connection.request(method, stage + quote(path, safe="/?&=%-._~"), content, dict(headers))
        answer = self._connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text.decode()


@contextmanager
def floor(home: StackConfig, trees: Trees, table: str) -> Iterator[None]:
    """The floor's function and its API, as long as the block lasts."""
    functions, gateway = aws_clients.client(home, "lambda"), aws_clients.client(home, "apigateway")
    like = functions.get_function_configuration(FunctionName=f"coachway-{home.environment}-clients-api")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(trees.floor.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(trees.floor))
    name = "bench-floor"
    with suppress(functions.exceptions.ResourceNotFoundException):
        functions.delete_function(FunctionName=name)
    made = functions.create_function(
        FunctionName=name,
        Runtime=like["Runtime"],
        Role=like["Role"],
        Handler="api.app",
        Code={"ZipFile": packed.getvalue()},
        MemorySize=like["MemorySize"],
        Timeout=15,
        Layers=[layer["Arn"] for layer in like["Layers"]],
        Environment={"Variables": {"FLOOR_TABLE": table}},
    )
    api = gateway.create_rest_api(name=name, tags={"ms-custom-id": FLOOR_API})["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    orders = gateway.create_resource(restApiId=api, parentId=root, pathPart="orders")["id"]
    whole = gateway.create_resource(restApiId=api, parentId=orders, pathPart="whole")["id"]
    for resource in (orders, whole):
        gateway.put_method(restApiId=api, resourceId=resource, httpMethod="POST", authorizationType="NONE")
        gateway.put_integration(
            restApiId=api,
            resourceId=resource,
            httpMethod="POST",
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{made['FunctionArn']}/invocations",
        )
    gateway.create_deployment(restApiId=api, stageName="live")
    try:
        yield
    finally:
        gateway.delete_rest_api(restApiId=api)
        with suppress(functions.exceptions.ResourceNotFoundException):
            functions.delete_function(FunctionName=name)


@dataclass
class Through:
    """Milliseconds at one connection by step, answers a second at sixteen, seconds until mails were there."""

    alone: dict[str, list[float]] = field(default_factory=dict)
    together: dict[str, list[float]] = field(default_factory=dict)
    mails: list[tuple[str, float]] = field(default_factory=list)

    def p50(self, name: str) -> float:
        """The median at one connection."""
        return median(self.alone[name])

    def p95(self, name: str) -> float:
        """What nineteen of twenty stay below."""
        samples = self.alone[name]
        return quantiles(samples, n=20)[-1] if len(samples) > 1 else samples[0]

    def rate(self, name: str) -> float:
        """Answers a second at sixteen connections."""
        return median(self.together[name])


FLOOR: Final = Step("floor", "floor", "POST", "/orders", request_steps.ORDER, anyone=True)
WHOLE: Final = Step("floor, with a charter's calls", "floor", "POST", "/orders/whole", request_steps.ORDER, anyone=True)
"""As many calls and items as a charter has, and nothing behind them."""
BOOKING: Final = (*request_steps.BOOKING, *request_steps.LOOKING)
ALONE: Final = (FLOOR, WHOLE, request_steps.ADD_CLIENT, *BOOKING)
ONE_ORGANIZATION: Final = "create a charter, all in one organization"
TOGETHER: Final = (
    ("floor", FLOOR, False),
    (WHOLE.name, WHOLE, False),
    ("create a client", request_steps.ADD_CLIENT, False),
    ("create a charter", request_steps.ADD_CHARTER, False),
    (ONE_ORGANIZATION, request_steps.ADD_CHARTER, True),
)
"""What is asked for at once, and whether by one organization: then its numbers without gaps are one queue."""


def measure(home: StackConfig, trees: Trees, table: str, rounds: int) -> Through:
    """Mails first, while their function is cold; then one connection; then sixteen."""
    found = Through()
    day = _signed_up(Door(home))
    with console.report_step("Waiting for mails"):
        found.mails = [_mail(home, day, "the first mail, cold"), *(_mail(home, day, "a mail") for _ in range(3))]
    with floor(home, trees, table):
        with console.report_step(f"Asking through the gateway, {rounds} times each"):
            for number in range(rounds + 3):
                for step in ALONE:
                    ready = day.ready(step)
                    started = time.perf_counter()
                    day.ask(*ready)
                    if number >= 3:
                        found.alone.setdefault(step.name, []).append((time.perf_counter() - started) * 1000)
        with console.report_step(f"Asking over {AT_ONCE} connections at once"):
            _together(home, found)
    return found


def _mail(home: StackConfig, day: Day, name: str) -> tuple[str, float]:
    """Seconds from asking to send a quote until its mail is there."""
    day.take(request_steps.ADD_CLIENT)
    address = day.known["client_email"]
    day.take(request_steps.ADD_CHARTER)
    started = time.perf_counter()
    day.take(request_steps.SEND)
    while time.perf_counter() - started < 60:
        messages = httpx.get(f"{home.emulator_url}/_ministack/ses/messages", timeout=60).json()["messages"]
        if any(address in to for account in messages.values() for mail in account for to in mail["To"]):
            return name, time.perf_counter() - started
        time.sleep(0.1)
    raise RuntimeError(f"no mail came to {address} within a minute")


def _together(home: StackConfig, found: Through) -> None:
    """In windows, turn by turn, once all sixteen processes of every function are warm."""
    doors = [Door(home) for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(4) as pool:
        days = list(pool.map(_signed_up, doors))
    own, one = [day.known for day in days], [days[0].known] * AT_ONCE
    for _, step, _ in TOGETHER[:-1]:
        _window(doors, own, step, 0, least=4)
    for _ in range(3):
        for name, step, in_one in TOGETHER:
            found.together.setdefault(name, []).append(_window(doors, one if in_one else own, step, _WINDOW))


def _signed_up(door: Door) -> Day:
    day = Day(door.send)
    for step in (*request_steps.SIGN_UP, *request_steps.PREPARE):
        day.take(step)
    return day


def _window(doors: list[Door], known: list[dict[str, Any]], step: Step, seconds: float, least: int = 0) -> float:
    """Answers a second while every door asks for so many seconds, or until it had the `least` number of answers."""
    until = time.perf_counter() + seconds

    def ask(door: Door, mine: dict[str, Any]) -> int:
        day = Day(door.send)
        day.known = dict(mine)
        count = 0
        while count < least or time.perf_counter() < until:
            day.take(step)
            count += 1
        return count

    started = time.perf_counter()
    with ThreadPoolExecutor(len(doors)) as pool:
        answered = sum(pool.map(ask, doors, known))
    return answered / (time.perf_counter() - started)
