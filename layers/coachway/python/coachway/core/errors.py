"""Every error that a caller can receive, as a tree of classes.

Error
├── NotFound                    the resource does not exist, or the caller may not see it
├── Unauthenticated             the credentials are missing or wrong
├── Forbidden                   the caller is known but lacks the permission
│   └── CsrfTokenInvalid        a request with the session cookie lacks the right X-CSRF-Token
├── Malformed                   the request cannot be parsed
│   ├── UnexpectedBody          the operation takes no body
│   ├── TooLarge                the body is larger than accepted
│   └── UnsupportedMediaType    the body has another media type than the route takes
├── Invalid                     the request can be parsed, but fields are wrong
├── Conflict                    a business rule or the current state does not allow it
│   ├── ConcurrentUpdate        another request changed the resource first
│   ├── InvalidStatusTransition this status cannot follow the current one
│   └── Duplicate               a unique value is taken
├── PreconditionFailed          If-Match is an old version
├── RateLimited                 too many requests
└── UpstreamUnavailable         an external service failed

How to add an error to a capability:
1. Declare a small subclass in `<capability>/errors.py` (or in `rules.py` when there are one or two):
       class RefundNotFailed(errors.Conflict):
           '''The refund is not in the state `failed`, so it cannot be retried.'''
           code = "refund_not_failed"
           title = "The refund has not failed"
2. `code` is snake_case, unique, and never changes: clients compare it. `title` is one fixed sentence without a period.
   The docstring explains the error on the documentation page: when it occurs and what to do.
3. Raise it with a detail that says what is wrong and what to do: `raise RefundNotFailed("…")`.
4. Declare it on each route that can raise it: `@api.post(…, errors=(RefundNotFailed,))`. The errors that follow from
   the declaration (authentication, permission, parsing, `{id}` not found, If-Match) are added automatically.
5. A subclass without a `code` of its own is sent with the code of its parent: use that for errors that only our code
   distinguishes (`except CharterChanged`).
Then run `make generate`: it writes the codes into `docs/errors.md` and `docs/openapi.json`.

Capabilities raise these errors and do not know about HTTP; `core/problem_details.py` maps them to a status.
"""

import re
from typing import Any, ClassVar, Final, NamedTuple

_CODE: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class FieldError(NamedTuple):
    """One wrong field: its dotted path (`stops.0.latitude`), what would be accepted, and a code (`required`)."""

    field: str
    message: str
    code: str = "invalid"


# The docstring of each class explains its code in the documentation of the API.
class Error(Exception):
    """An unexpected error occurred on our side. Retry later. If it happens again, contact us with the `request_id`."""

    registry: ClassVar[dict[str, type["Error"]]] = {}
    """Every class that declares a code, by that code."""

    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "code" not in cls.__dict__:
            return
        if _CODE.fullmatch(cls.code) is None:
            raise TypeError(f"{cls.__qualname__}: the code {cls.code!r} is not snake_case")
        other = Error.registry.setdefault(cls.code, cls)
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"{cls.__qualname__}: the code {cls.code!r} belongs to {other.__module__} already")
        Error.registry[cls.code] = cls

    def __init__(self, detail: str = "", *, fields: list[FieldError] | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.fields = fields or []


class NotFound(Error):
    """The resource does not exist in the caller's organization, or the caller may not see it. Check the ID."""

    code = "not_found"
    title = "Not found"


class Unauthenticated(Error):
    """The request has no credentials, or they are wrong, forged or expired.

    Send `Authorization: Bearer <token>`, `X-Api-Key`, or the session cookie.
    """

    code = "unauthenticated"
    title = "Authentication required"


class Forbidden(Error):
    """The caller lacks the permission that the operation requires.

    `GET /auth/me` lists the caller's permissions. Ask an admin for a role with the permission.
    """

    code = "forbidden"
    title = "Permission denied"


class CsrfTokenInvalid(Forbidden):
    """A request with the session cookie must send the session's `csrf_token` as the header `X-CSRF-Token`."""

    code = "csrf_token_invalid"
    title = "CSRF token missing or wrong"


class Malformed(Error):
    """The request cannot be parsed: the body is not JSON, or a header is malformed."""

    code = "malformed_request"
    title = "Malformed request"


class UnexpectedBody(Malformed):
    """The request has a body, but the operation takes none. Send no body, or `{}`."""

    code = "unexpected_body"
    title = "Unexpected body"


class TooLarge(Malformed):
    """The body is larger than 1,000,000 bytes. Send less data per request."""

    code = "request_too_large"
    title = "Request too large"


class UnsupportedMediaType(Malformed):
    """The `Content-Type` is not the one that the route takes, usually `application/json`."""

    code = "unsupported_media_type"
    title = "Unsupported media type"


class Invalid(Error):
    """One or more fields are wrong. `errors` lists each with its path, a message and a code of its own."""

    code = "invalid_fields"
    title = "Invalid fields"

    @classmethod
    def field(cls, name: str, message: str, code: str = "invalid") -> "Invalid":
        """An error about a single field."""
        return cls(f"{name}: {message}", fields=[FieldError(name, message, code)])


class Conflict(Error):
    """A business rule, or the current state of the resource, does not allow the request. `detail` says which."""

    code = "conflict"
    title = "Conflict with the current state"


class ConcurrentUpdate(Conflict):
    """Another request changed the resource at the same time. Read it again, then retry."""

    code = "concurrent_update"
    title = "Changed by another request"


class InvalidStatusTransition(Conflict):
    """The resource cannot go from its current status to the requested one. `detail` names those that can follow."""

    code = "invalid_status_transition"
    title = "Invalid status transition"


class Duplicate(Conflict):
    """A value that must be unique in the organization, such as a client's email, is already in use.

    Use another value, or update the existing resource.
    """

    code = "already_exists"
    title = "Already exists"


class PreconditionFailed(Error):
    """The version in `If-Match` is not the current one. Read the resource again, then retry."""

    code = "precondition_failed"
    title = "Changed since you read it"


class RateLimited(Error):
    """Retry after as many seconds as the `Retry-After` header says."""

    code = "rate_limited"
    title = "Too many requests"

    def __init__(self, detail: str = "", *, retry_after: int) -> None:
        super().__init__(detail or f"Try again in {retry_after} seconds.")
        self.retry_after = retry_after


class UpstreamUnavailable(Error):
    """A service that CoachWay uses (Stripe, Twilio, email or maps) failed or did not respond. Retry later."""

    code = "upstream_unavailable"
    title = "Upstream service unavailable"


Error.registry[Error.code] = Error
