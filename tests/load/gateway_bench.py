"""Measure requests through the emulator's gateway: over one connection, over sixteen, and how soon mails arrive.

The baseline's function and API are created for the measurement and deleted afterwards.
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
from tests.load.measured_requests import BASELINE, BASELINE_CHARTER_CALLS, GATEWAY_REQUESTS
from tests.load.request_steps import RequestStep, Session
from tests.load.setup_requests import CREATE_CHARTER, CREATE_CLIENT, PREPARE, SEND_QUOTE, SIGN_UP
from tests.load.unpacked_code import UnpackedCode

BASELINE_API: Final = "benchbaseline"
CONNECTIONS: Final = 16
_WINDOW_SECONDS: Final = 2.5
"""How long all connections send one request before the next request has its turn."""
ONE_ORGANIZATION: Final = "create a charter, one organization"
SEQUENTIAL_REQUESTS: Final = (BASELINE, BASELINE_CHARTER_CALLS, CREATE_CLIENT, *GATEWAY_REQUESTS)
CONCURRENT_REQUESTS: Final = (
    (BASELINE.name, BASELINE, False),
    (BASELINE_CHARTER_CALLS.name, BASELINE_CHARTER_CALLS, False),
    ("create a client", CREATE_CLIENT, False),
    ("create a charter", CREATE_CHARTER, False),
    (ONE_ORGANIZATION, CREATE_CHARTER, True),
)
"""Requests sent over all connections, and whether all of them are of one organization."""


class GatewayConnection:
    """A persistent connection to the gateway."""

    def __init__(self, config: StackConfig) -> None:
        self._connection = http.client.HTTPConnection("localhost", config.port, timeout=60)
        self._stage = config.public_url.partition(f":{config.port}")[2]

    def send(self, capability: str, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Send a request and read the whole response."""
        stages = {"baseline": f"/_aws/execute-api/{BASELINE_API}/live", "pages": self._stage}
        stage = stages.get(capability, f"{self._stage}/api/v1")
        content = json.dumps(body).encode() if body is not None else None
        self._connection.request(method, stage + quote(path, safe="/?&=%-._~"), content, dict(headers))
        response = self._connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text[:1] in (b"{", b"[") else text.decode()


@dataclass
class GatewayResults:
    """Milliseconds by request over one connection, responses per second over all, and seconds until mails arrived."""

    sequential: dict[str, list[float]] = field(default_factory=dict)
    concurrent: dict[str, list[float]] = field(default_factory=dict)
    mails: list[tuple[str, float]] = field(default_factory=list)

    def p50(self, name: str) -> float:
        """The median over one connection."""
        return median(self.sequential[name])

    def p95(self, name: str) -> float:
        """The 95th percentile over one connection."""
        samples = self.sequential[name]
        return quantiles(samples, n=20)[-1] if len(samples) > 1 else samples[0]

    def rate(self, name: str) -> float:
        """Responses per second over all connections."""
        return median(self.concurrent[name])


def measure_gateway(config: StackConfig, code: UnpackedCode, table: str, rounds: int) -> GatewayResults:
    """Measure mails first, while their function is cold, then one connection, then all connections."""
    results = GatewayResults()
    session = _sign_up(GatewayConnection(config))
    with console.report_step("Waiting for mails"):
        results.mails = [_measure_mail(config, session, "first email, cold start")]
        results.mails += [_measure_mail(config, session, f"email {number}") for number in range(2, 5)]
    with _deployed_baseline(config, code, table):
        with console.report_step(f"Sending requests through the gateway, {rounds} times each"):
            for number in range(rounds + 3):
                for step in SEQUENTIAL_REQUESTS:
                    request = session.prepare(step)
                    started = time.perf_counter()
                    session.send(request)
                    if number >= 3:
                        samples = results.sequential.setdefault(step.name, [])
                        samples.append((time.perf_counter() - started) * 1000)
        with console.report_step(f"Sending requests over {CONNECTIONS} connections"):
            results.concurrent = _measure_concurrent(config)
    return results


@contextmanager
def _deployed_baseline(config: StackConfig, code: UnpackedCode, table: str) -> Iterator[None]:
    """The baseline's role, function and API, for the duration of the block."""
    functions, gateway = aws_clients.client(config, "lambda"), aws_clients.client(config, "apigateway")
    iam = aws_clients.client(config, "iam")
    model = functions.get_function_configuration(FunctionName=f"coachway-{config.environment}-clients-api")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(code.baseline.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(code.baseline))
    name = "bench-baseline"
    with suppress(functions.exceptions.ResourceNotFoundException):
        functions.delete_function(FunctionName=name)
    function = functions.create_function(
        FunctionName=name,
        Runtime=model["Runtime"],
        Role=_create_table_role(iam, name, table),
        Handler="api.app",
        Code={"ZipFile": packed.getvalue()},
        MemorySize=model["MemorySize"],
        Timeout=15,
        Layers=[layer["Arn"] for layer in model["Layers"]],
        Environment={"Variables": {"BASELINE_TABLE": table}},
    )
    api = gateway.create_rest_api(name=name, tags={"ms-custom-id": BASELINE_API})["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    orders = gateway.create_resource(restApiId=api, parentId=root, pathPart="orders")["id"]
    charter_calls = gateway.create_resource(restApiId=api, parentId=orders, pathPart="charter-calls")["id"]
    for resource in (orders, charter_calls):
        gateway.put_method(restApiId=api, resourceId=resource, httpMethod="POST", authorizationType="NONE")
        gateway.put_integration(
            restApiId=api,
            resourceId=resource,
            httpMethod="POST",
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function['FunctionArn']}/invocations",
        )
    gateway.create_deployment(restApiId=api, stageName="live")
    try:
        yield
    finally:
        gateway.delete_rest_api(restApiId=api)
        with suppress(functions.exceptions.ResourceNotFoundException):
            functions.delete_function(FunctionName=name)
        _delete_role(iam, name)


def _create_table_role(iam: Any, name: str, table: str) -> str:
    """Create a role for a function that may only use one table; returns its ARN."""
    _delete_role(iam, name)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    grant = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": f"arn:aws:dynamodb:{REGION}:*:table/{table}"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="table", PolicyDocument=_policy(grant))
    return str(role["Arn"])


def _delete_role(iam: Any, name: str) -> None:
    with suppress(iam.exceptions.NoSuchEntityException):
        iam.delete_role_policy(RoleName=name, PolicyName="table")
        iam.delete_role(RoleName=name)


def _policy(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _measure_mail(config: StackConfig, session: Session, name: str) -> tuple[str, float]:
    """The seconds from sending a quote until its mail is there."""
    session.run(CREATE_CLIENT)
    address = session.variables["client_email"]
    session.run(CREATE_CHARTER)
    started = time.perf_counter()
    session.run(SEND_QUOTE)
    while time.perf_counter() - started < 60:
        messages = httpx.get(config.mails_url, timeout=60).json()["messages"]
        if any(address in to for account in messages.values() for mail in account for to in mail["To"]):
            return name, time.perf_counter() - started
        time.sleep(0.1)
    raise RuntimeError(f"no mail to {address} arrived within a minute")


def _measure_concurrent(config: StackConfig) -> dict[str, list[float]]:
    """Send each request in windows, in turn, once every function has a warm process for each connection."""
    connections = [GatewayConnection(config) for _ in range(CONNECTIONS)]
    with ThreadPoolExecutor(4) as pool:
        sessions = list(pool.map(_sign_up, connections))
    own, shared = [session.variables for session in sessions], [sessions[0].variables] * CONNECTIONS
    for _, step, _ in CONCURRENT_REQUESTS[:-1]:
        _measure_window(connections, own, step, 0, minimum=4)
    rates: dict[str, list[float]] = {}
    for _ in range(3):
        for name, step, is_shared in CONCURRENT_REQUESTS:
            variables = shared if is_shared else own
            rates.setdefault(name, []).append(_measure_window(connections, variables, step, _WINDOW_SECONDS))
    return rates


def _sign_up(connection: GatewayConnection) -> Session:
    session = Session(connection.send)
    for step in (*SIGN_UP, *PREPARE):
        session.run(step)
    return session


def _measure_window(
    connections: list[GatewayConnection],
    variables: list[dict[str, Any]],
    step: RequestStep,
    seconds: float,
    minimum: int = 0,
) -> float:
    """Responses per second while every connection sends for so long, and until it has a `minimum` of responses."""
    until = time.perf_counter() + seconds

    def send_repeatedly(connection: GatewayConnection, own_variables: dict[str, Any]) -> int:
        session = Session(connection.send)
        session.variables = dict(own_variables)
        count = 0
        while count < minimum or time.perf_counter() < until:
            session.run(step)
            count += 1
        return count

    started = time.perf_counter()
    with ThreadPoolExecutor(len(connections)) as pool:
        responses = sum(pool.map(send_repeatedly, connections, variables))
    return responses / (time.perf_counter() - started)
