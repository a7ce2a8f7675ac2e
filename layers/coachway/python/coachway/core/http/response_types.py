"""What a view can return besides a model: a response with a status or headers, an HTML page, or a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Response:
    """A body (a model, a list, plain data, or None) with a status, headers or cookies of its own."""

    body: object = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RawRequest:
    """The exact bytes of a request, for a view that verifies a signature. Header names are lowercase."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(slots=True)
class HtmlResponse:
    """An HTML page. `policy` is its Content-Security-Policy."""

    text: str
    status: int = 200
    policy: str = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'"
    )
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class FileResponse:
    """Bytes to download, or to display in the browser (`inline`)."""

    content: bytes
    content_type: str
    filename: str
    inline: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
