"""Every error that a capability raises on purpose.

Error
├── Missing          nothing there, or nothing that this caller may know of
├── Unauthenticated  no proof of who is asking, or a wrong one
├── Forbidden        known, but not allowed
├── Malformed        cannot be read at all
│   ├── TooLarge     more than is accepted
│   └── NotJson      a body of another kind than the route takes
├── Invalid          can be read, but fields are wrong
├── Conflict         a rule of the business, or the state of things, says no
│   ├── LostRace     somebody else changed it first
│   └── Duplicate    a unique value is taken
├── Stale            the version named in If-Match is not the current one
├── TooMany          asked too often
└── Upstream         a service that we depend on failed

Capabilities raise these and know nothing of HTTP; `core.http.STATUS` maps them.
"""

from __future__ import annotations

from typing import NamedTuple


class FieldError(NamedTuple):
    """One thing wrong: `field` is a dotted path (`stops.0.latitude`), `message` says what would be accepted."""

    field: str
    message: str


class Error(Exception):
    """`title` names the rule in a few words, `detail` says what to do, `fields` where."""

    title = "error"

    def __init__(self, detail: str = "", *, title: str | None = None, fields: list[FieldError] | None = None) -> None:
        super().__init__(detail or title or self.title)
        self.title = title or self.title
        self.detail = detail
        self.fields = fields or []


class Missing(Error):
    title = "not found"


class Unauthenticated(Error):
    title = "authentication is needed"


class Forbidden(Error):
    title = "not allowed"


class Malformed(Error):
    title = "the request cannot be read"


class TooLarge(Malformed):
    title = "the request is too large"


class NotJson(Malformed):
    title = "the body must be JSON"


class Invalid(Error):
    title = "some fields are not valid"

    @classmethod
    def field(cls, name: str, message: str) -> Invalid:
        return cls(f"{name}: {message}", fields=[FieldError(name, message)])


class Conflict(Error):
    title = "that is not possible now"


class LostRace(Conflict):
    title = "somebody else changed this first"


class Duplicate(Conflict):
    title = "that is already taken"


class Stale(Error):
    title = "this has changed since you read it"


class TooMany(Error):
    title = "too many requests"

    def __init__(self, detail: str = "", *, retry_after: int) -> None:
        super().__init__(detail or f"try again in {retry_after} seconds")
        self.retry_after = retry_after


class Upstream(Error):
    title = "a service that we depend on did not answer"
