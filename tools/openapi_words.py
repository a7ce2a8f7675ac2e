"""What the API's document says in words: what holds for every route, and what parameters of one name mean on each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

ABOUT: Final = """\
Everything that an operator of charter buses does, from the first quote to the last payment. Amounts are numbers with
two decimals beside a `currency`; times are RFC 3339 with offset, days `YYYY-MM-DD`; distances are miles.

## Credentials
`POST /auth/login` answers an access token, good for 15 minutes, and a refresh token for `POST /auth/refresh`. Send
`Authorization: Bearer <access_token>`; browsers may have cookies instead (`"cookies": true`), and then send the
`csrf_token` as `X-CSRF-Token`; programs send a key of `POST /api-keys` as `X-Api-Key`. Each route names the permission
that it needs; `GET /auth/me` lists one's own. Clients, vendors and drivers reach what is theirs; what belongs to
another organization is answered as if it were not there.

## Lists
Lists answer `{"items": [...], "next_cursor": "..."}`. Ask again with `?cursor=` and the same filters until
`next_cursor` is null; a page may be shorter than `limit`, even empty, and still have a next one.

## Sending twice
With an `Idempotency-Key` of your own making a POST has its effect once: the same key with the same body gets the first
answer again, for a day, with `Idempotent-Replayed: true`. The same key with another body is refused with 422.

## Changing
A PUT changes the fields that it names; what is left out stays as it is. Single resources carry an `ETag`: send it as
`If-Match`, and a change that somebody else was faster with is refused with 412. `If-None-Match` spares an answer that
has not changed (304).

## Errors
Every error is `application/problem+json` (RFC 9457). Compare `code`, which never changes: each operation lists the
codes that it may answer with, and [one page](docs/errors) explains them all. `detail` says what is wrong and what to
do, `errors` lists the wrong fields, and `request_id` (also the header `X-Request-Id`) names the request in our logs.
Unknown fields are refused. On 429, retry after as many seconds as `Retry-After` says. What no route is at, the gateway
itself answers with 403.

## Webhooks of vendors
A vendor's own system pushes bids to `POST /webhooks/vendors/bids`, signed by
[Standard Webhooks](https://www.standardwebhooks.com) with the secret of `POST /vendors/{vendor_id}/webhook-secret`
(`whsec_...`, shown once; the one before it stays good for 24 hours). The signature is over `webhook-id`,
`webhook-timestamp` and the bytes of the body, so send just the bytes that were signed:

```python
moment, body = datetime.now(UTC), json.dumps({"type": "bid.submitted", "data": {...}})
signature = standardwebhooks.Webhook(secret).sign("msg_1", moment, body)
httpx.post(url, content=body, headers={
    "content-type": "application/json", "webhook-id": "msg_1",
    "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signature})
```

Send a push that was not answered, or was answered with 429 or 5xx, again with the same `webhook-id`: it is taken once.
"""

REFUSALS: Final[Mapping[int, str]] = {
    400: "The request cannot be read: its body is no JSON, or a header has another form.",
    401: "No credentials, or wrong, forged or expired ones.",
    403: "The caller lacks the permission.",
    404: "There is nothing of that name in the caller's organization.",
    409: "A rule or the present state says no; `detail` names it.",
    410: "It was there, and is over.",
    412: "If-Match names a version that is not the current one.",
    413: "The body has more than 1,000,000 bytes.",
    415: "The body is of another media type than the route takes.",
    422: "Fields are wrong; `errors` lists them.",
    429: "Asked too often; Retry-After says when to come back.",
    502: "A service that we depend on did not answer.",
    503: "The service cannot do its work now.",
}

SIGNED: Final[Mapping[str, Mapping[str, str]]] = {
    "push_bid": {
        "webhook-id": "Names this push. The same one gets the first result again, and changes nothing.",
        "webhook-timestamp": "When it is sent, in seconds since 1970; at most five minutes off.",
        "webhook-signature": "`v1,` and the signature in base64; several, apart by spaces, while a secret is changed.",
    },
    "receive_stripe_event": {"Stripe-Signature": "As Stripe makes it, with the secret of the endpoint."},
}
"""Headers of routes that are called with a signature instead of credentials, by the route's name."""

_NAMED: Final[Mapping[str, str]] = {
    "account": "Only entries that move this account.",
    "asset": "The name of the file.",
    "bid_token": "The token at the end of the link in the invitation.",
    "calendar_feed": "The token of the link, and `.ics`.",
    "channel": "Only those that went out this way.",
    "cursor": "`next_cursor` of the page before; without it, the first page.",
    "date_from": "From this day on.",
    "date_to": "Up to this day, included.",
    "day": "The day, `YYYY-MM-DD`.",
    "due_from": "Only those due on this day or later.",
    "due_to": "Only those due on this day or earlier.",
    "format": "For which program.",
    "instance_count": "How many charters the series has.",
    "invoice_token": "The token at the end of the link in the invoice's mail.",
    "kind": "Only those of this kind.",
    "license_class": "Only drivers with a license of this class.",
    "limit": "How many at most.",
    "method": "Only payments that came this way.",
    "min_rating": "Only those rated so or better.",
    "month": "The month, `YYYY-MM`.",
    "organization": "Only the organization's own.",
    "preferred": "Only those that are, or are not, preferred.",
    "preview": "Say what would happen, and change nothing.",
    "q": "Only those whose name begins so. Case and accents do not matter.",
    "reason": "Why; kept in the history.",
    "recipient": "Only those to this address or number.",
    "recurrence_rule": "How often: a word, or a rule of RFC 5545.",
    "role": "Only people in this role.",
    "role_name": "The role's name.",
    "rule_type": "Only rules of this type.",
    "scope": "Only rules of this scope.",
    "state": "Only those that serve this state.",
    "status": "Only those that stand so.",
    "token": "The token at the end of the link that was sent.",
    "track_token": "The token at the end of the live link.",
    "type": "Only those of this type.",
    "vehicle_class": "Only those of this class of vehicle.",
    "verified": "Only those that are, or are not, verified.",
}


def of_parameter(name: str, place: str) -> str:
    """What a parameter in the path or the query means, by its name. Empty where nothing is known."""
    if name in _NAMED:
        return _NAMED[name]
    noun, found, _ = name.rpartition("_id")
    if not found:
        return ""
    words = re.sub(r"\bapi\b", "API", noun.replace("_", " "))
    return f"Whose id it is: the {words}'s." if place == "path" else f"Only those of this {words}."


def of_access(needs: str, outside: tuple[str, ...]) -> str:
    """Who may call a route, as a sentence or two."""
    if needs == "anyone":
        return "Needs no credentials."
    if needs == "signed-in":
        return "Needs credentials, and no permission."
    among = " and ".join(f"{role}s" for role in outside)
    theirs = f" {among.capitalize()} reach what is theirs." if outside else ""
    return f"Needs the permission `{needs}`.{theirs}"
