"""Every operation of the API's document, asked by everybody who must not: nobody, the wrong role, another organization.

The operations come from the code, what stands in their paths and bodies from `seeds.py`: a route that is new is walked
like all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

import httpx

from coachway.core.http.routing import AUTHENTICATED
from coachway.core.types import ids
from coachway.identity.model.permissions import BUILT_IN
from tests.security.in_process import on_stack, sampled
from tests.security.operations import FORM, OUTSIDE, Operation, guarded, operations
from tests.security.seeds import SEEDS, Seeds
from tests.security.tenants import Tenant

OPEN = {
    r"GET /(\w+)/health",
    r"GET /(openapi\.json|docs|docs/errors|docs/\{asset\}|auth/\.well-known/jwks\.json)",
    r"POST /auth/(register|login|refresh|mfa/verify|otp/request|otp/verify|password/forgot|password/reset)",
    r"POST /auth/invitations/accept",
    r"(GET|POST) (/pages)?/quotes/\{token\}(/\w+(\.pdf)?)?",
    r"GET /pages/(invoices/\{invoice_token\}|quotes/\{token\})/payments/\{payment_id\}",
    r"(GET|POST) /pages/bids/\{bid_token\}(/\w+)?",
    r"GET /calendar/\{calendar_feed\}",
    r"GET (/pages)?/track/\{track_token\}",
    r"GET /pages/driver(-worker\.js)?",
    r"POST /webhooks/(stripe|vendors/bids)",
    r"(GET|POST) /pages/invoices/\{invoice_token\}(/\w+)?",
    r"(GET|POST) /pages/(invitations|password-resets)/\{token\}",
}
"""What needs no credentials, said once more: an operation that is left open by mistake is found here."""

_ROLES = [role for role in BUILT_IN if role not in {"platform", "admin"}]
_IDS = re.compile(r"\b[a-z]{3,4}_[0-7][0-9A-HJKMNP-TV-Z]{25}\b")

WANT_MORE = {
    "POST /bids": "a vendor with all its papers",
    "POST /bids/{bid_id}/submit": "a vendor with all its papers",
    "POST /bids/{bid_id}/accept": "a bid that was submitted",
    "POST /bids/{bid_id}/reject": "a bid that was submitted",
    "POST /bids/{bid_id}/release": "a bid that was accepted",
    "POST /dispatch/assignments": "a driver and a vehicle with all their papers",
    "POST /dispatch/assignments/auto": "a driver and a vehicle with all their papers",
    "POST /dispatch/assignments/{assignment_id}/check-in": "a trip of today",
    "POST /dispatch/assignments/{assignment_id}/check-out": "a trip under way",
    "POST /dispatch/assignments/{assignment_id}/depart": "a driver on duty",
    "POST /dispatch/check-ins": "a driver on duty",
    "POST /dispatch/recoveries/{recovery_id}/accept": "an offer that waits for an answer",
    "POST /dispatch/recoveries/{recovery_id}/decline": "an offer that waits for an answer",
    "POST /invoices": "a charter that is booked",
    "POST /invoices/{invoice_id}/issue": "a draft",
    "POST /payments/{payment_id}/reverse": "a payment of an invoice",
    "POST /ratings": "a charter that the vendor has run",
    "POST /refunds/{refund_id}/retry": "a refund that failed",
    "PUT /charters/{charter_id}/payment-schedule": "a client who pays before its trips",
}
"""Operations whose example alone is refused even those who may, and what they want besides."""


def send(operation: Operation, seeds: Seeds, by: Tenant, role: str = "admin", **headers: str) -> httpx.Response:
    """The operation on the things of `seeds`, asked by somebody of `by`'s organization."""
    body = seeds.body(operation)
    path = seeds.path(operation)
    if operation.media == FORM:
        return by.ask(operation.method, path, by=role, form=body, headers=headers)
    return by.ask(operation.method, path, by=role, body=body, headers=headers)


def assert_refused(answer: httpx.Response, *statuses: int) -> None:
    """The answer is a refusal in the API's form, with one of these statuses."""
    told = f"{answer.request.method} {answer.request.url.path} was answered {answer.status_code}: {answer.text[:500]}"
    assert answer.status_code in statuses, told
    assert answer.headers["content-type"] == "application/problem+json", told
    assert answer.json()["status"] == answer.status_code, told


def assert_tells_nothing(answer: httpx.Response, seeds: Seeds, asked: Iterable[str] = ()) -> None:
    """No word of this organization stands in the answer, and no id of its that the request did not name."""
    sent = {*_IDS.findall(str(answer.request.url)), *_IDS.findall(answer.request.content.decode()), *asked}
    assert seeds.tenant.marker not in answer.text.replace(str(answer.request.url), ""), answer.text
    leaked = set(_IDS.findall(answer.text)) & {seeds.tenant.org_id, *seeds.known.values()} - sent
    assert not leaked, f"{answer.request.method} {answer.request.url} told {leaked}"


def test_open_operations_are_listed() -> None:
    opened = [str(each) for each in operations() if each.is_open]
    assert [each for each in opened if not any(re.fullmatch(known, each) for known in OPEN)] == []


def test_every_path_parameter_has_a_seed() -> None:
    names = {name for operation in operations() for name in operation.parameters}
    assert names <= SEEDS.keys(), "add seeds to tests/security/seeds.py"


@sampled(guarded())
def test_operation_without_credentials_returns_401(operation: Operation, tenant: Tenant, seeds: Seeds) -> None:
    answer = send(operation, seeds, tenant, role="")
    assert_refused(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert_tells_nothing(answer, seeds)


@sampled(guarded())
def test_operation_wrong_role_returns_403(operation: Operation, tenant: Tenant, seeds: Seeds) -> None:
    for role in [each for each in _ROLES if operation.is_closed_to(each)]:
        answer = send(operation, seeds, tenant, role)
        assert_refused(answer, 403)
        assert_tells_nothing(answer, seeds)


@sampled(each for each in guarded() if each.permission != AUTHENTICATED)
def test_operation_api_key_without_permission_returns_403(operation: Operation, tenant: Tenant, seeds: Seeds) -> None:
    answer = send(operation, seeds, tenant, role="", **{"X-Api-Key": tenant.feeble_key})
    assert_refused(answer, 403)
    assert_tells_nothing(answer, seeds)


@sampled(guarded())
def test_operation_other_organization_finds_nothing(
    operation: Operation, tenant: Tenant, other: Tenant, seeds: Seeds
) -> None:
    body = str(seeds.body(operation))
    path = seeds.path(operation)
    if operation.parameters:
        answer = send(operation, seeds, other)
        assert_refused(answer, 404)
        assert_tells_nothing(answer, seeds)
    elif operation.reads:
        wanted = [each for each in operation.query if each in SEEDS]
        for query in ["", *(f"?{name}={seeds[name]}" for name in wanted)]:
            answer = other.ask("GET", path + query)
            assert answer.status_code in {200, 404, 422}, answer.text
            assert_tells_nothing(answer, seeds)
    elif any(known in body for known in seeds.known.values()):
        answer = send(operation, seeds, other)
        assert_refused(answer, 404, 422)
        assert_tells_nothing(answer, seeds)


@sampled(each for each in guarded() if each.lists and "cursor" in each.query)
def test_cursor_of_other_organization_is_refused(operation: Operation, crowded: Tenant, other: Tenant) -> None:
    cursor = crowded.ask("GET", f"{operation.path}?limit=1").json()["next_cursor"]
    if cursor is not None:
        assert crowded.ask("GET", f"{operation.path}?cursor={cursor}").status_code == 200
        assert_refused(other.ask("GET", f"{operation.path}?cursor={cursor}"), 422)


@sampled(each for each in guarded() if each.external_roles and each.parameters)
def test_operation_external_user_finds_only_own_records(operation: Operation, tenant: Tenant, seeds: Seeds) -> None:
    for role in operation.external_roles:
        assert role in OUTSIDE
        answer = send(operation, seeds, tenant, role)  # the party of `role` is another client than the seeds' own
        assert_refused(answer, 404)
        assert_tells_nothing(answer, seeds)


@sampled(each for each in operations() if each.parameters)
def test_operation_unknown_id_returns_404(operation: Operation, tenant: Tenant, seeds: Seeds) -> None:
    body = seeds.body(operation)
    for name in operation.parameters:
        existing = {each: seeds[each] for each in operation.parameters}
        for nonsense in _nonsense(existing[name]):
            path = operation.path.format_map({**existing, name: quote(nonsense, safe="")})
            form = operation.media == FORM
            answer = tenant.ask(
                operation.method,
                path,
                by="" if operation.is_open else "admin",
                body=None if form else body,
                form=body if form else None,
            )
            assert answer.status_code == 404, f"{operation} of {nonsense!r}: {answer.status_code} {answer.text[:300]}"


def _nonsense(existing: str) -> list[str]:
    prefix, _, _ = existing.rpartition("_")
    unknown = [ids.new(prefix)] if _IDS.fullmatch(existing) else []
    return [
        *unknown,
        "nothing",
        "0",
        "null",
        f"{existing}x",
        existing.swapcase(),
        "\N{BUS}",
        "a" * 2000,
        "' OR 1=1 --",
        "#",
    ]


@on_stack(guarded())
def test_operation_permitted_user_succeeds(operation: Operation, tenant: Tenant, seeds: Seeds) -> None:
    """Without this, a walk past routes that answer 404 to everybody would prove nothing.

    And it is where IAM is enforced: no route lacks a grant.
    """
    if operation.reads:
        answer = send(operation, seeds, tenant)
        assert answer.status_code == 200, answer.text
        return
    own = Tenant(tenant.deployment) if operation.permission == AUTHENTICATED else tenant
    answer = send(operation, Seeds(own), own)
    assert answer.is_success or str(operation) in WANT_MORE, answer.text
    assert str(answer.status_code) in operation.statuses, answer.text
