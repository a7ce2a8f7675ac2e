"""No list reads the whole table: the code names no scan, no role grants one, and no route runs one.

`test_privileges` also tests that the emulator enforces the roles: a scan would be denied.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest

from coachway.core.persistence.table import CountingConnection
from coachway.identity.model.permissions import PERMISSIONS
from tests.integration.client import call, token_for
from tests.integration.conftest import _process, dynamodb  # noqa: F401 - fixtures
from tests.security.operations import Operation, list_guarded_operations
from tests.template import ROOT, as_list, grants, resources_of_type
from tools.function_modules import list_api_entries

__all__ = ["dynamodb"]

SCANS = re.compile(r"^(parallel_?)?scan$|^rate_limited_scan$|execute_?statement$|execute_?transaction$", re.IGNORECASE)
"""Scans, and PartiQL, whose SELECT can become a scan."""


def _iterate_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.rpartition(":")[2]
        elif isinstance(node, ast.alias):
            yield node.name


def test_code_names_no_scan() -> None:
    sources = [path for folder in ("layers/coachway/python", "functions") for path in (ROOT / folder).rglob("*.py")]
    assert len(sources) > 50
    scans = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources
        for name in _iterate_names(ast.parse(path.read_text()))
        if SCANS.search(name)
    }
    assert not scans


def test_roles_grant_no_scan() -> None:
    actions = {
        action
        for role in resources_of_type("AWS::IAM::Role")
        for each in grants(role)
        for action in as_list(each["Action"])
    }
    assert not {each for each in actions if each in {"dynamodb:Scan", "dynamodb:*", "*"} or "PartiQL" in each}


@pytest.mark.parametrize("operation", [each for each in list_guarded_operations() if each.is_list], ids=str)
def test_list_operation_runs_no_scan(operation: Operation, monkeypatch: pytest.MonkeyPatch, dynamodb: Any) -> None:
    operation_names: list[str] = []
    dispatch = CountingConnection.dispatch

    def record_dispatch(connection: CountingConnection, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        operation_names.append(name)
        return dispatch(connection, name, parameters)

    monkeypatch.setattr(CountingConnection, "dispatch", record_dispatch)
    api = next(
        each.api for each in list_api_entries() if any(route.path == operation.path for route in each.api.routes)
    )
    response = call(api, "GET", operation.path, token=token_for(" ".join(PERMISSIONS)))
    assert response.status < 500, response.text
    assert operation_names
    assert not [each for each in operation_names if SCANS.search(each)]
