"""Answers of the gateway itself, without a function."""

from __future__ import annotations

import httpx
import pytest

from tests.stack import Stack


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("GET", "/clients/cli_1/nothing"), ("DELETE", "/clients")]
)
def test_unknown_path_or_method_is_404_as_problem_details(stack: Stack, method: str, path: str) -> None:
    response = httpx.request(method, f"{stack.api_url}{path}", timeout=60)
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("application/problem+json")
    problem = response.json()
    assert (problem["code"], problem["status"], problem["errors"]) == ("not_found", 404, [])
    assert problem["type"].endswith("/api/v1/docs/errors#not_found")
    assert problem["request_id"]


def test_error_type_is_address_of_its_explanation(stack: Stack) -> None:
    problem = httpx.get(f"{stack.api_url}/clients", timeout=60).json()
    address, _, code = problem["type"].partition("#")
    assert code == problem["code"] == "unauthenticated"
    page = httpx.get(address, timeout=60)
    assert page.status_code == 200
    assert f'id="{code}"' in page.text
