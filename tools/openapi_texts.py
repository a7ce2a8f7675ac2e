"""Texts of the OpenAPI document: the introduction, error statuses, and parameters that mean the same on every route."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

ABOUT: Final = """\
The CoachWay API covers the work of a charter-bus operator, from the first quote to the last payment.

Amounts are numbers with two decimals next to a `currency`, dates are `YYYY-MM-DD`, and distances are miles.

## Times
Responses return the times of a trip (`x-local-time` in this document) with the offset of the nearest `timezone` field,
such as `2027-03-03T09:00:00-05:00`, and all other times in UTC, such as `2027-03-03T14:00:00Z`. Requests can use any
offset (RFC 3339).

## Authentication
`POST /auth/login` returns an access token, valid for 15 minutes, and a refresh token for `POST /auth/refresh`. Send the
access token as `Authorization: Bearer <access_token>`. Browsers can use cookies instead (`"cookies": true`): they send
the `csrf_token` as `X-CSRF-Token` with every request other than GET. Programs send an API key created with
`POST /api-keys` as `X-Api-Key`.

Each operation lists the permission that it requires; `GET /auth/me` lists the permissions of the caller. Clients,
vendors and drivers see only their own data. A resource of another organization returns 404, as if it did not exist.

## Lists
Every list returns `{"items": [...], "next_cursor": "..."}`. To get the next page, repeat the request with the same
filters and `?cursor=<next_cursor>` until `next_cursor` is null. A page can be shorter than `limit`, or even empty, and
still have a `next_cursor`.

Each filter is named after the field that it matches. `date_from` and `date_to`, or `due_from` and `due_to`, are the
first and the last day of a period. `q` searches by the beginning of a name.

## Idempotency
Send a unique `Idempotency-Key` with a POST to retry it safely: for one day, a request with the same key, query and body
returns the first response again, with the header `Idempotent-Replayed: true`. The same key with another query or body
returns 422.

## Updates
A PUT changes the fields that it contains and keeps the others. Single resources have an `ETag`: send it as `If-Match`,
and the update returns 412 if another request changed the resource first. Send it as `If-None-Match` with a GET to
receive 304 instead of an unchanged resource.

## Errors
Every error is `application/problem+json` (RFC 9457). Handle errors by `code`, which
never changes: each operation lists its
possible codes, and [Error codes](docs/errors) explains them. `detail` says what is wrong and what to do, `errors` lists
the wrong fields, and `request_id` (also the header `X-Request-Id`) identifies the request in our logs.

Unknown fields, unknown or repeated query parameters, and bodies that an operation does not take return an error. After
a 429, retry after as many seconds as the `Retry-After` header says.

## Webhooks of vendors
The system of a vendor can send bids to `POST /webhooks/vendors/bids`, signed as described by
[Standard Webhooks](https://www.standardwebhooks.com) with the secret returned by
`POST /vendors/{vendor_id}/webhook-secret`
(`whsec_...`, shown once; the previous secret stays valid for 24 hours). The signature covers `webhook-id`,
`webhook-timestamp` and the bytes of the body, so send exactly the bytes that you signed:

```python
moment, body = datetime.now(UTC), json.dumps({"type": "bid.submitted", "data": {...}})
signature = standardwebhooks.Webhook(secret).sign("msg_1", moment, body)
httpx.post(url, content=body, headers={
    "content-type": "application/json", "webhook-id": "msg_1",
    "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signature})
```

If a request gets no response, or 429 or 5xx, send it again with the same `webhook-id`: the bid is processed once.
"""

ERROR_STATUSES: Final[Mapping[int, str]] = {
    400: "Malformed request.",
    401: "Missing or invalid credentials.",
    403: "Permission denied.",
    404: "Not found in the caller's organization.",
    409: "Conflict with a business rule or the current state.",
    412: "Precondition failed: If-Match is an old version.",
    413: "Request body too large.",
    415: "Unsupported media type.",
    422: "Invalid fields; `errors` lists them.",
    429: "Too many requests; retry after `Retry-After` seconds.",
    502: "Upstream service unavailable.",
    503: "Service unhealthy.",
}

SIGNATURE_HEADERS: Final[Mapping[str, Mapping[str, str]]] = {
    "push_bid": {
        "webhook-id": "Unique ID of this message. A repeated ID returns the first result again and changes nothing.",
        "webhook-timestamp": "Time of sending in Unix seconds; at most five minutes from now.",
        "webhook-signature": "`v1,` and the base64 signature. Separate several signatures by spaces.",
    },
    "receive_stripe_event": {"Stripe-Signature": "Signature by Stripe with the secret of the endpoint."},
}
"""Headers of operations that are called with a signature instead of credentials, by operation id."""

_PARAMETERS: Final[Mapping[str, str]] = {
    "account": "Filter by account.",
    "asset": "Name of the file.",
    "bid_token": "Token of the invitation link.",
    "calendar_feed": "Token of the subscription link, followed by `.ics`.",
    "channel": "Filter by channel.",
    "client_type": "Filter by client type.",
    "compliance_id": "ID of the compliance document.",
    "cursor": "`next_cursor` of the previous page. Omit for the first page.",
    "date_from": "First day.",
    "date_to": "Last day, included.",
    "day": "The day, `YYYY-MM-DD`.",
    "document_type": "Filter by document type.",
    "due_from": "Filter by due date: first day.",
    "due_to": "Filter by due date: last day, included.",
    "format": "Format of the file.",
    "instance_count": "Number of charters in the series.",
    "invoice_token": "Token of the invoice link.",
    "is_preferred": "Filter by whether the vendor is preferred.",
    "is_verified": "Filter by whether the vendor is verified.",
    "kind": "Filter by drivers or by vehicles.",
    "license_class": "Filter by license class.",
    "limit": "Maximum number of items.",
    "method": "Filter by payment method.",
    "min_rating": "Filter by minimum rating.",
    "month": "The month, `YYYY-MM`.",
    "new_status": "The new status.",
    "offer_id": "ID of the offer. Omit for the offer that awaits a response.",
    "organization_slug": "Slug of the organization.",
    "organization": "Set to `true` for documents of the organization itself.",
    "preview": "Set to `true` to see the result without changing anything.",
    "q": "Filter by the beginning of the name; case and accents are ignored.",
    "reason": "Reason, kept in the history.",
    "recipient": "Filter by email address or phone number.",
    "recurrence_rule": "Frequency: `daily`, `weekly`, `biweekly`, `monthly`, or an RFC 5545 rule.",
    "role": "Filter by role.",
    "role_name": "Name of the role.",
    "rule_id": "ID of the pricing rule.",
    "amenity_code": "Code of the amenity, in small letters.",
    "promo_code": "The promo code, in capital letters.",
    "proposal_token": "Token of the proposal's link.",
    "rule_type": "Filter by rule type.",
    "scope": "Filter by scope.",
    "service_state": "Filter by state served, two letters.",
    "slug": "Slug of the organization.",
    "source": "Filter by source.",
    "status": "Filter by status.",
    "token": "Token of the link.",
    "track_token": "Token of the tracking link.",
    "vehicle_class": "Filter by vehicle class.",
    "vendor_type": "Filter by vendor type.",
}


FILE_EXAMPLES: Final[Mapping[str, str]] = {
    "application/pdf": "%PDF-1.4 …",
    "image/png": "\\x89PNG …",
    "text/calendar": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n…\r\nEND:VCALENDAR\r\n",
    "text/css": "body { margin: 0; }",
    "text/csv": "Date,Number,Account,Debit,Credit\r\n2026-11-24,1,Accounts Receivable,726.50,\r\n",
    "text/html": '<!doctype html>\n<html lang="en">…</html>',
    "text/javascript": 'self.addEventListener("fetch", …);',
    "text/plain": "!TRNS\tDATE\tACCNT\tAMOUNT\nTRNS\t11/24/2026\tAccounts Receivable\t726.50\nENDTRNS\n",
}
"""An example of each media type other than JSON."""


def describe_parameter(name: str, place: str) -> str:
    """The description of a path or query parameter, by its name. Empty if the name is unknown."""
    if name in _PARAMETERS:
        return _PARAMETERS[name]
    noun, separator, _ = name.rpartition("_id")
    if not separator:
        return ""
    words = re.sub(r"\bapi\b", "API", noun.replace("_", " "))
    return f"ID of the {words}." if place == "path" else f"Filter by {words}."


def describe_access(permission: str, external_roles: tuple[str, ...]) -> str:
    """Who may call a route, in a sentence or two."""
    if permission == "anyone":
        return "No authentication required."
    if permission == "signed-in":
        return "Requires authentication, but no permission."
    roles = " and ".join(f"{role}s" for role in external_roles)
    own = f" {roles.capitalize()} see only their own data." if external_roles else ""
    return f"Requires the permission `{permission}`.{own}"
