"""What both ways out have in common: the worded message, and how a service may refuse it."""

from __future__ import annotations

from dataclasses import dataclass

from coachway.core import errors


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A message in its words. `html` is empty for a text message; `attachment` is a PDF's name and content."""

    subject: str
    text: str
    html: str = ""
    attachment: tuple[str, bytes] | None = None


class Refused(errors.Conflict):
    """The service will never take this message. `reason` names no address."""

    title = "the message was refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
