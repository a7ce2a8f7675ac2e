"""Malicious bodies, headers and queries: too large, too deep, not text, or of wrong types."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.security.in_process import parametrize_operations
from tests.security.operations import FORM, Operation, list_guarded_operations, list_operations
from tests.security.seeds import Seeds
from tests.security.tenants import Tenant

JSON = "application/json"
each_with_body = parametrize_operations(each for each in list_operations() if each.media_type == JSON)
each_list = parametrize_operations(
    each for each in list_guarded_operations() if each.is_list and "422" in each.statuses
)

NOT_JSON: list[bytes] = [
    b"{",
    b"\xff\xfe{}",
    b"{'a': 1}",
    b'{"\\ud800": 1}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"\x00",
]
NOT_THE_SHAPE: list[bytes] = [
    b"null",
    b"[]",
    b"0",
    b"true",
    b'"text"',
    b'{"": {}}',
    b'{"\\u0000": "\\u0000"}',
    b'{"a": NaN}',  # pydantic reads it, and no field takes it
    b'{"a": 1e999}',
    b'{"a": ' + b"9" * 5000 + b"}",
    b'{"__proto__": {}, "$where": "1", "\xf0\x9f\x9a\x8c": 1}',
]
VALUES: list[Any] = [
    None,
    "",
    " ",
    "\x00",
    "\x1b[31m",
    "\u202egnp.exe",
    "\N{BUS}" * 300,
    "e\u0301" * 5_000,
    "x" * 100_000,
    "<script>alert(1)</script>",
    "{{7*7}}${7*7}",
    "2027-02-30",
    "2027-03-14T02:30:00",
    "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+14:00",
    -1,
    0,
    0.001,
    1e308,
    -(10**30),
    2**63,
    True,
    [],
    {},
    [[[[[[]]]]]],
    {"a": {"b": None}},
    ["x"] * 2_000,
    "\ud800",
]


def send(operation: Operation, seeds: Seeds, content: bytes, **headers: str) -> httpx.Response:
    """Send a body to an operation, without credentials if the operation is public."""
    path = seeds.build_path(operation)
    sent_headers = {"Content-Type": JSON, **headers}
    role = "" if operation.is_public else "admin"
    return seeds.tenant.send(operation.method, path, role=role, content=content, headers=sent_headers)


def assert_documented(response: httpx.Response, operation: Operation, about: Any) -> None:
    message = f"{operation} with {str(about)[:100]!r}: {response.status_code} {response.text[:300]}"
    assert response.status_code < 500, message
    assert str(response.status_code) in operation.statuses, message


@each_with_body
def test_body_invalid_json_or_shape_is_refused(operation: Operation, seeds: Seeds) -> None:
    for content in NOT_JSON:
        response = send(operation, seeds, content)
        assert_documented(response, operation, content)
        assert response.status_code == 400, f"{operation} with {content[:50]!r}: {response.text}"
    for content in NOT_THE_SHAPE:
        response = send(operation, seeds, content)
        assert_documented(response, operation, content)
        assert response.status_code in {400, 422}, f"{operation} with {content[:50]!r}: {response.text}"
        assert response.status_code == 400 or response.json()["errors"], response.text


@each_with_body
def test_body_too_large_or_wrong_media_type_is_refused(operation: Operation, seeds: Seeds) -> None:
    assert send(operation, seeds, b" " * 1_000_001).status_code == 413
    assert send(operation, seeds, b"<a/>", **{"Content-Type": "application/xml"}).status_code == 415
    assert send(operation, seeds, b"a=1", **{"Content-Type": FORM}).status_code == 415


def _iterate_paths(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """The paths of all parts of a JSON value, without the value itself."""
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for key, part in pairs:
        yield (*path, key)
        yield from _iterate_paths(part, *path, key)


def _replace_at(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = _replace_at(copy[place[0]], place[1:], new)
    return copy


@each_with_body
def test_field_unexpected_value_returns_documented_status(operation: Operation, tenant: Tenant) -> None:
    """Two values for each field, always the same ones; fuzzing tries more."""
    seeds = Seeds(tenant)
    body = seeds.build_body(operation)
    for place in _iterate_paths(body):
        first = zlib.crc32(f"{operation} {place}".encode()) % len(VALUES)
        for value in (VALUES * 2)[first : first + 2]:
            content = json.dumps(_replace_at(body, place, value)).encode()
            response = send(operation, seeds, content)
            assert_documented(response, operation, f"{place} = {value!r}")


@each_list
def test_list_invalid_query_returns_422(operation: Operation, tenant: Tenant) -> None:
    for query in (
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=x",
        "limit=1e1",
        "limit=",
        "cursor=nonsense",
        "cursor=%00",
        "no=1",
    ):
        response = tenant.send("GET", f"{operation.path}?{query}")
        assert response.status_code == 422, f"{operation}?{query}: {response.status_code} {response.text[:300]}"
        assert response.json()["errors"], response.text


HEADERS: list[dict[str, str | bytes]] = [
    {"Authorization": "Bearer"},
    {"Authorization": "Basic YTpi"},
    {"Authorization": "Bearer " + "x" * 6000},
    {"Authorization": "Bearer a.b.c"},
    {"Authorization": b"Bearer \xe9\xe8"},
    {"X-Api-Key": "cw_"},
    {"X-Api-Key": "cw_" + "A" * 75},
    {"X-Api-Key": b"\xff"},
    {"Cookie": "coachway_session=;;;=,\\"},
    {"Cookie": "coachway_session=a.b.c"},
]


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: str(headers)[:40])
def test_credentials_malformed_return_401(headers: dict[str, str | bytes], tenant: Tenant) -> None:
    for path in ("/api/v1/clients", "/api/v1/auth/me", "/api/v1/organization", "/api/v1/pricing/quotes"):
        response = tenant.send("GET", path, role="", headers=headers)
        assert response.status_code == 401, f"{path}: {response.status_code} {response.text[:300]}"


def test_conditional_headers_malformed_are_refused(tenant: Tenant, seeds: Seeds) -> None:
    client = f"/api/v1/clients/{seeds['client_id']}"
    for tag in ("abc", '"', "-1", '"99999999999"', "1, 2"):
        assert tenant.send("PUT", client, body={}, headers={"If-Match": tag}).status_code == 400, tag
    assert tenant.send("PUT", client, body={}, headers={"If-Match": '"999"'}).status_code == 412
    for key in ("", "x" * 256, "with space"):
        response = tenant.send("POST", "/api/v1/clients", body=tenant.client_body(), headers={"Idempotency-Key": key})
        assert response.status_code == 422, f"{key!r}: {response.text}"
