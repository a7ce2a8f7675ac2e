"""Bodies, headers and queries that nobody means well by: too large, too deep, not text, of other types."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.security.in_process import sampled
from tests.security.operations import FORM, Operation, guarded, operations
from tests.security.seeds import Seeds
from tests.security.tenants import Tenant

JSON = "application/json"
with_body = sampled(each for each in operations() if each.media == JSON)
lists = sampled(each for each in guarded() if each.lists and "422" in each.statuses)

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


def ask(operation: Operation, seeds: Seeds, content: bytes, **headers: str) -> httpx.Response:
    """The operation with this very body; nobody needs to sign in for what is open."""
    path = seeds.path(operation)
    sent = {"Content-Type": JSON, **headers}
    by = "" if operation.is_open else "admin"
    return seeds.tenant.ask(operation.method, path, by=by, content=content, headers=sent)


def assert_foreseen(answer: httpx.Response, operation: Operation, about: Any) -> None:
    told = f"{operation} with {str(about)[:100]!r}: {answer.status_code} {answer.text[:300]}"
    assert answer.status_code < 500, told
    assert str(answer.status_code) in operation.statuses, told


@with_body
def test_body_invalid_json_or_shape_is_refused(operation: Operation, seeds: Seeds) -> None:
    for content in NOT_JSON:
        answer = ask(operation, seeds, content)
        assert_foreseen(answer, operation, content)
        assert answer.status_code == 400, f"{operation} with {content[:50]!r}: {answer.text}"
    for content in NOT_THE_SHAPE:
        answer = ask(operation, seeds, content)
        assert_foreseen(answer, operation, content)
        assert answer.status_code in {400, 422}, f"{operation} with {content[:50]!r}: {answer.text}"
        assert answer.status_code == 400 or answer.json()["errors"], answer.text


@with_body
def test_body_too_large_or_wrong_media_type_is_refused(operation: Operation, seeds: Seeds) -> None:
    assert ask(operation, seeds, b" " * 1_000_001).status_code == 413
    assert ask(operation, seeds, b"<a/>", **{"Content-Type": "application/xml"}).status_code == 415
    assert ask(operation, seeds, b"a=1", **{"Content-Type": FORM}).status_code == 415


def _places(value: Any, *at: Any) -> Iterator[tuple[Any, ...]]:
    """Where a JSON value has its parts, itself not among them."""
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for key, each in pairs:
        yield (*at, key)
        yield from _places(each, *at, key)


def _with(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = _with(copy[place[0]], place[1:], new)
    return copy


@with_body
def test_field_unexpected_value_returns_documented_status(operation: Operation, tenant: Tenant) -> None:
    """Two values for each field, the same ones every time; fuzzing does more."""
    seeds = Seeds(tenant)
    body = seeds.body(operation)
    for place in _places(body):
        first = zlib.crc32(f"{operation} {place}".encode()) % len(VALUES)
        for value in (VALUES * 2)[first : first + 2]:
            content = json.dumps(_with(body, place, value)).encode()
            answer = ask(operation, seeds, content)
            assert_foreseen(answer, operation, f"{place} = {value!r}")


@lists
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
        answer = tenant.ask("GET", f"{operation.path}?{query}")
        assert answer.status_code == 422, f"{operation}?{query}: {answer.status_code} {answer.text[:300]}"
        assert answer.json()["errors"], answer.text


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
        answer = tenant.ask("GET", path, by="", headers=headers)
        assert answer.status_code == 401, f"{path}: {answer.status_code} {answer.text[:300]}"


def test_conditional_headers_malformed_are_refused(tenant: Tenant, seeds: Seeds) -> None:
    client = f"/api/v1/clients/{seeds['client_id']}"
    for tag in ("abc", '"', "-1", '"99999999999"', "1, 2"):
        assert tenant.ask("PUT", client, body={}, headers={"If-Match": tag}).status_code == 400, tag
    assert tenant.ask("PUT", client, body={}, headers={"If-Match": '"999"'}).status_code == 412
    for key in ("", "x" * 256, "with space"):
        answer = tenant.ask("POST", "/api/v1/clients", body=tenant.client(), headers={"Idempotency-Key": key})
        assert answer.status_code == 422, f"{key!r}: {answer.text}"
