"""Fuzz every route: the response is always one that the API document declares, and never a 5xx.

`make fuzz` runs it, `make test` does not: it is collected only with `FUZZ_CASES`, the number of generated cases per
operation, besides its example. Most cases name existing records, so that they pass the first checks.
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
from tests.security.operations import Operation, document, list_operations
from tests.security.seeds import SEEDS, Seeds
from tests.security.tenants import Tenant, random_address_header
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
    api_document = deepcopy(document())
    api_document.pop("servers")
    config = schemathesis.Config()
    config.projects.default.phases.coverage.enabled = True
    return schemathesis.openapi.from_dict(api_document, config=config)


schema = _schema()
each_operation: Callable[[T], T] = schema.parametrize()


class Fuzzing:
    """Sends the cases of one operation as a user of a disposable organization."""

    def __init__(self, tenant: Tenant, operation: Operation) -> None:
        self.tenant, self.operation = tenant, operation
        self.seeds = Seeds(tenant)
        self.token = self._log_in()
        self.sent_count = 0
        self.has_changed = False

    def send(self, case: Any, base_url: str) -> Any:
        """Send a case; returns the answer."""
        headers = {**random_address_header()}
        if not self.operation.is_public:
            headers["Authorization"] = f"Bearer {self.token}"
        response = case.call(base_url=base_url, headers=headers, timeout=60)
        self.sent_count += 1
        self._renew_used_up(response.status_code)
        return response

    def name_existing(self, case: Any) -> bool:
        """Put ids of existing records into most cases, always the same ones; returns whether it did."""
        if zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode()) % 4 == 0:
            return False
        for name in self.operation.parameters:
            case.path_parameters[name] = self.seeds[name]
        if isinstance(case.body, dict):
            case.body = self._replace_ids(case.body)
        return bool(self.operation.parameters or case.body)

    def _replace_ids(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._replace_ids(each, key) for key, each in value.items()}
        if isinstance(value, str) and name in SEEDS and name.endswith("_id"):
            return self.seeds[name]
        return value

    def _renew_used_up(self, status: int) -> None:
        """Replace records and the session if an earlier case may have removed them."""
        if self.has_changed and status in {404, 409}:
            self.seeds, self.has_changed = Seeds(self.tenant), False
        elif status == 401 and not self.operation.is_public:
            self.token = self._log_in()
        elif status < 300:
            self.has_changed = not self.operation.is_read

    def _log_in(self) -> str:
        """A token. Operations that can end a session get a new user each time."""
        ends_sessions = self.operation.permission == AUTHENTICATED and not self.operation.is_read
        return self.tenant.log_in(self.tenant.create_user("admin")) if ends_sessions else self.tenant.get_token("admin")


@pytest.fixture(scope="session")
def disposable_tenant(stack: Stack) -> Tenant:
    return Tenant(stack)


@pytest.fixture
def fuzzing(disposable_tenant: Tenant, request: pytest.FixtureRequest) -> Iterator[dict[str, Fuzzing]]:
    senders: dict[str, Fuzzing] = {}
    yield senders
    for sender in senders.values():
        request.node.user_properties.append(("cases", sender.sent_count))


@each_operation
@settings(
    max_examples=CASES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
def test_fuzz_operation_answers_as_documented(
    case: Any, disposable_tenant: Tenant, stack: Stack, fuzzing: dict[str, Fuzzing]
) -> None:
    operation = OPERATIONS[case.operation.method.upper(), case.operation.path]
    sender = fuzzing.setdefault(str(operation), Fuzzing(disposable_tenant, operation))
    is_existing = sender.name_existing(case)
    response = sender.send(case, stack.config.public_url)
    case.validate_response(response, checks=CHECKS if is_existing else [*CHECKS, declared.negative_data_rejection])


OPERATIONS = {(each.method, each.path): each for each in list_operations()}
