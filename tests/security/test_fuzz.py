"""Rubbish at every route: whatever comes, the answer is one that the API's document names, and never a 5xx.

`make fuzz` runs it, `make test` does not: it is collected only with `FUZZ_CASES`, the number of cases that are made up
for each operation, besides its example. Most cases are about things that exist, so that they get far.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, TypeVar

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as declared

from coachway.core.http.routing import AUTHENTICATED
from tests.security.operations import Operation, document, operations
from tests.security.seeds import SEEDS, Seeds
from tests.security.tenants import Tenant, from_anywhere
from tests.stack import Stack

T = TypeVar("T")

CASES = int(os.environ.get("FUZZ_CASES", "40"))

CHECKS = [
    checks.not_a_server_error,
    declared.status_code_conformance,
    declared.content_type_conformance,
    declared.response_headers_conformance,
    declared.response_schema_conformance,
]


def _schema() -> Any:
    described = deepcopy(document())
    described.pop("servers")
    config = schemathesis.Config()
    config.projects.default.phases.coverage.enabled = True
    return schemathesis.openapi.from_dict(described, config=config)


schema = _schema()
each_operation: Callable[[T], T] = schema.parametrize()


class Fuzzing:
    """Somebody of a throw-away organization who sends the cases of one operation."""

    def __init__(self, tenant: Tenant, operation: Operation) -> None:
        self.tenant, self.operation = tenant, operation
        self.seeds = Seeds(tenant)
        self.token = self._begun()
        self.sent = 0
        self.changed = False

    def send(self, case: Any, base_url: str) -> Any:
        """The answer to a case."""
        headers = {**from_anywhere()}
        if not self.operation.is_open:
            headers["Authorization"] = f"Bearer {self.token}"
        answer = case.call(base_url=base_url, headers=headers, timeout=60)
        self.sent += 1
        self._look_back(answer.status_code)
        return answer

    def name_existing(self, case: Any) -> bool:
        """Put ids of existing things into most cases, the same ones each time; whether any were."""
        if zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode()) % 4 == 0:
            return False
        for name in self.operation.parameters:
            case.path_parameters[name] = self.seeds[name]
        if isinstance(case.body, dict):
            case.body = self._with_existing(case.body)
        return bool(self.operation.parameters or case.body)

    def _with_existing(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._with_existing(each, key) for key, each in value.items()}
        if isinstance(value, str) and name in SEEDS and name.endswith("_id"):
            return self.seeds[name]
        return value

    def _look_back(self, status: int) -> None:
        """What was there may have gone with an earlier case, and so may the session: then there are new ones."""
        if self.changed and status in {404, 409}:
            self.seeds, self.changed = Seeds(self.tenant), False
        elif status == 401 and not self.operation.is_open:
            self.token = self._begun()
        elif status < 300:
            self.changed = not self.operation.reads

    def _begun(self) -> str:
        """Who may lose their session is somebody else each time."""
        own = self.operation.permission == AUTHENTICATED and not self.operation.reads
        return self.tenant.log_in(self.tenant.newcomer("admin")) if own else self.tenant.token("admin")


@pytest.fixture(scope="session")
def throw_away(stack: Stack) -> Tenant:
    return Tenant(stack)


@pytest.fixture
def fuzzing(throw_away: Tenant, request: pytest.FixtureRequest) -> Iterator[dict[str, Fuzzing]]:
    begun: dict[str, Fuzzing] = {}
    yield begun
    for each in begun.values():
        request.node.user_properties.append(("cases", each.sent))


@each_operation
@settings(
    max_examples=CASES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
def test_fuzz_operation_answers_as_documented(
    case: Any, throw_away: Tenant, stack: Stack, fuzzing: dict[str, Fuzzing]
) -> None:
    operation = BY_NAME[case.operation.method.upper(), case.operation.path]
    sender = fuzzing.setdefault(str(operation), Fuzzing(throw_away, operation))
    made_valid = sender.name_existing(case)
    answer = sender.send(case, stack.config.public_url)
    case.validate_response(answer, checks=CHECKS if made_valid else [*CHECKS, declared.negative_data_rejection])


BY_NAME = {(each.method, each.path): each for each in operations()}
