"""Rendered messages, and the error of a rejected message."""

from dataclasses import dataclass

from coachway.core import errors


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A rendered message. `html` is empty for SMS; `attachment` is the name and content of a PDF."""

    subject: str
    text: str
    html: str = ""
    attachment: tuple[str, bytes] | None = None


class MessageRejected(errors.Conflict):
    """The email or SMS service rejected the message permanently. `reason` contains no address."""

    title = "The message was rejected"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
