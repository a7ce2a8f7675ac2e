"""Access to every operation: without credentials, with a wrong role, and from another organization.

The operations come from the code, and the values in their paths and bodies from `seeds.py`: new routes are tested
like all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

import httpx

from coachway.core.http.routing import AUTHENTICATED
from coachway.core.types import ids
from coachway.identity.model.permissions import BUILT_IN_ROLES
from tests.security.in_process import parametrize_on_stack, parametrize_operations
from tests.security.operations import EXTERNAL_ROLES, FORM, Operation, list_guarded_operations, list_operations
from tests.security.seeds import SEEDS, Seeds
from tests.security.tenants import Tenant

PUBLIC_OPERATIONS = {
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
    r"(GET|POST) (/pages)?/proposals/\{proposal_token\}(/\w+)?",
    r"GET /pages/invoices/\{invoice_token\}/invoice\.pdf",
    r"POST /public/leads/\{organization_slug\}",
    r"(GET|POST) /pages/request-quote/\{slug\}(/(send|thanks))?",
    r"(GET|POST) /pages/(confirmations|invitations|password-resets)/\{token\}",
}
"""The operations without credentials, listed again to find those that are public by mistake."""

_ROLES = [role for role in BUILT_IN_ROLES if role not in {"platform", "admin"}]
_IDS = re.compile(r"\b[a-z]{3,4}_[0-7][0-9A-HJKMNP-TV-Z]{25}\b")

NOT_ENOUGH = {
    "POST /bids": "a vendor with approved documents",
    "POST /bids/{bid_id}/submit": "a vendor with approved documents",
    "POST /bids/{bid_id}/accept": "a submitted bid",
    "POST /bids/{bid_id}/reject": "a submitted bid",
    "POST /bids/{bid_id}/release": "an accepted bid",
    "POST /dispatch/assignments": "a driver and a vehicle with approved documents",
    "POST /dispatch/assignments/auto": "a driver and a vehicle with approved documents",
    "POST /dispatch/assignments/{assignment_id}/check-in": "a trip of today",
    "POST /dispatch/assignments/{assignment_id}/check-out": "a trip under way",
    "POST /dispatch/assignments/{assignment_id}/depart": "a driver on duty",
    "POST /dispatch/assignments/{assignment_id}/undo-check-in": "a driver on duty",
    "POST /dispatch/charters/{charter_id}/track-link": "a booked charter",
    "POST /dispatch/check-ins": "a driver on duty",
    "POST /dispatch/recoveries/{recovery_id}/accept": "an open offer",
    "POST /dispatch/recoveries/{recovery_id}/decline": "an open offer",
    "POST /invoices": "a booked charter",
    "POST /invoices/{invoice_id}/issue": "a draft",
    "PUT /invoices/{invoice_id}": "a draft",
    "DELETE /invoices/{invoice_id}": "a draft",
    "POST /payments/{payment_id}/reverse": "a payment of an invoice",
    "POST /ratings": "a completed charter of the vendor",
    "POST /refunds/{refund_id}/approve": "a person who did not request it",
    "POST /refunds/{refund_id}/retry": "a failed refund",
    "PUT /charters/{charter_id}/payment-schedule": "a client who pays in advance",
}
"""Operations whose example alone is refused to permitted users, and what they require in addition."""


def send(operation: Operation, seeds: Seeds, sender: Tenant, role: str = "admin", **headers: str) -> httpx.Response:
    """Send an operation on the records of `seeds` as a user of the sender's organization."""
    body = seeds.build_body(operation)
    path = seeds.build_path(operation)
    if operation.media_type == FORM:
        return sender.send(operation.method, path, role=role, form=body, headers=headers)
    return sender.send(operation.method, path, role=role, body=body, headers=headers)


def assert_refused(response: httpx.Response, *statuses: int) -> None:
    """Require an error in the API's format, with one of these statuses."""
    request = response.request
    message = f"{request.method} {request.url.path} was answered {response.status_code}: {response.text[:500]}"
    assert response.status_code in statuses, message
    assert response.headers["content-type"] == "application/problem+json", message
    assert response.json()["status"] == response.status_code, message


def assert_leaks_nothing(response: httpx.Response, seeds: Seeds, known_ids: Iterable[str] = ()) -> None:
    """Require that the answer contains no text of the organization and no id that the request did not name."""
    requested_ids = {
        *_IDS.findall(str(response.request.url)),
        *_IDS.findall(response.request.content.decode()),
        *known_ids,
    }
    assert seeds.tenant.marker not in response.text.replace(str(response.request.url), ""), response.text
    leaked = set(_IDS.findall(response.text)) & {seeds.tenant.org_id, *seeds.values.values()} - requested_ids
    assert not leaked, f"{response.request.method} {response.request.url} leaked {leaked}"


def test_open_operations_are_listed() -> None:
    public = [str(each) for each in list_operations() if each.is_public]
    assert [each for each in public if not any(re.fullmatch(pattern, each) for pattern in PUBLIC_OPERATIONS)] == []


def test_every_path_parameter_has_a_seed() -> None:
    names = {name for operation in list_operations() for name in operation.parameters}
    assert names <= SEEDS.keys(), "add seeds to tests/security/seeds.py"


@parametrize_operations(list_guarded_operations())
def test_operation_without_credentials_returns_401(operation: Operation, tenant: Tenant, seeds: Seeds) -> None:
    response = send(operation, seeds, tenant, role="")
    assert_refused(response, 401)
    assert response.headers["www-authenticate"] == "Bearer"
    assert_leaks_nothing(response, seeds)


@parametrize_operations(list_guarded_operations())
def test_operation_wrong_role_returns_403(operation: Operation, tenant: Tenant, seeds: Seeds) -> None:
    for role in [each for each in _ROLES if operation.is_closed_to(each)]:
        response = send(operation, seeds, tenant, role)
        assert_refused(response, 403)
        assert_leaks_nothing(response, seeds)


@parametrize_operations(each for each in list_guarded_operations() if each.permission != AUTHENTICATED)
def test_operation_api_key_without_permission_returns_403(operation: Operation, tenant: Tenant, seeds: Seeds) -> None:
    response = send(operation, seeds, tenant, role="", **{"X-Api-Key": tenant.limited_api_key})
    assert_refused(response, 403)
    assert_leaks_nothing(response, seeds)


@parametrize_operations(list_guarded_operations())
def test_operation_other_organization_finds_nothing(
    operation: Operation, tenant: Tenant, other: Tenant, seeds: Seeds
) -> None:
    body = str(seeds.build_body(operation))
    path = seeds.build_path(operation)
    if operation.parameters:
        response = send(operation, seeds, other)
        assert_refused(response, 404)
        assert_leaks_nothing(response, seeds)
    elif operation.is_read:
        id_parameters = [each for each in operation.query if each in SEEDS]
        for query in ["", *(f"?{name}={seeds[name]}" for name in id_parameters)]:
            response = other.send("GET", path + query)
            assert response.status_code in {200, 404, 422}, response.text
            assert_leaks_nothing(response, seeds)
    elif any(seed in body for seed in seeds.values.values()):
        response = send(operation, seeds, other)
        assert_refused(response, 404, 422)
        assert_leaks_nothing(response, seeds)


@parametrize_operations(each for each in list_guarded_operations() if each.is_list and "cursor" in each.query)
def test_cursor_of_other_organization_is_refused(
    operation: Operation, tenant_with_records: Tenant, other: Tenant
) -> None:
    cursor = tenant_with_records.send("GET", f"{operation.path}?limit=1").json()["next_cursor"]
    if cursor is not None:
        assert tenant_with_records.send("GET", f"{operation.path}?cursor={cursor}").status_code == 200
        assert_refused(other.send("GET", f"{operation.path}?cursor={cursor}"), 422)


@parametrize_operations(each for each in list_guarded_operations() if each.external_roles and each.parameters)
def test_operation_external_user_finds_only_own_records(operation: Operation, tenant: Tenant, seeds: Seeds) -> None:
    for role in operation.external_roles:
        assert role in EXTERNAL_ROLES
        response = send(operation, seeds, tenant, role)  # the party of `role` is not the client of the seeds
        assert_refused(response, 404)
        assert_leaks_nothing(response, seeds)


@parametrize_operations(each for each in list_operations() if each.parameters)
def test_operation_unknown_id_returns_404(operation: Operation, tenant: Tenant, seeds: Seeds) -> None:
    body = seeds.build_body(operation)
    for name in operation.parameters:
        existing = {each: seeds[each] for each in operation.parameters}
        for nonsense in _list_unknown_ids(existing[name]):
            path = operation.path.format_map({**existing, name: quote(nonsense, safe="")})
            form = operation.media_type == FORM
            response = tenant.send(
                operation.method,
                path,
                role="" if operation.is_public else "admin",
                body=None if form else body,
                form=body if form else None,
            )
            assert response.status_code == 404, (
                f"{operation} of {nonsense!r}: {response.status_code} {response.text[:300]}"
            )


def _list_unknown_ids(existing: str) -> list[str]:
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


@parametrize_on_stack(list_guarded_operations())
def test_operation_permitted_user_succeeds(operation: Operation, tenant: Tenant, seeds: Seeds) -> None:
    """Without this, the other tests would prove nothing about routes that always answer 404.

    It also proves that no route lacks a grant, because the stack enforces IAM.
    """
    if operation.is_read:
        response = send(operation, seeds, tenant)
        assert response.status_code == 200, response.text
        return
    owner = Tenant(tenant.deployment) if operation.permission == AUTHENTICATED else tenant
    response = send(operation, Seeds(owner), owner)
    assert response.is_success or str(operation) in NOT_ENOUGH, response.text
    assert str(response.status_code) in operation.statuses, response.text
