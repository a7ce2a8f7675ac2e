"""What a view may return besides a model: another status, headers, cookies, a page or a file. And what was posted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Response:
    """A body (a model, a list, plain data, or None) with something more to it."""

    body: object = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RawRequest:
    """What was sent, to the byte, for a view that checks a signature. Names of headers are in small letters."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(slots=True)
class HtmlResponse:
    """A page for people. `policy` is its Content-Security-Policy."""

    text: str
    status: int = 200
    policy: str = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'"
    )
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class FileResponse:
    """Bytes to download, or to be used by a page (`inline`)."""

    content: bytes
    content_type: str
    filename: str
    inline: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
