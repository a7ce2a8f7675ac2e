"""The lifecycle of a lead, and when two requests are from one person. Pure: no clock, no I/O."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from coachway.core.state_machine import Transitions
from coachway.core.types.contact import normalize_email

REPEAT_PERIOD: Final = timedelta(days=30)
"""Whoever asks again within this time, while their lead is open, gets the same lead."""


class LeadStatus(StrEnum):
    """The status of a lead."""

    NEW = "new"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    NEGOTIATING = "negotiating"
    CONVERTED = "converted"
    DEAD = "dead"


OPEN_STATUSES: Final = frozenset({LeadStatus.NEW, LeadStatus.CONTACTED, LeadStatus.QUALIFIED, LeadStatus.NEGOTIATING})

TRANSITIONS: Final = Transitions(
    "lead",
    {
        LeadStatus.NEW: (
            LeadStatus.CONTACTED,
            LeadStatus.QUALIFIED,
            LeadStatus.NEGOTIATING,
            LeadStatus.CONVERTED,
            LeadStatus.DEAD,
        ),
        LeadStatus.CONTACTED: (
            LeadStatus.QUALIFIED,
            LeadStatus.NEGOTIATING,
            LeadStatus.CONVERTED,
            LeadStatus.DEAD,
        ),
        LeadStatus.QUALIFIED: (
            LeadStatus.CONTACTED,
            LeadStatus.NEGOTIATING,
            LeadStatus.CONVERTED,
            LeadStatus.DEAD,
        ),
        LeadStatus.NEGOTIATING: (LeadStatus.QUALIFIED, LeadStatus.CONVERTED, LeadStatus.DEAD),
        LeadStatus.CONVERTED: (),
        LeadStatus.DEAD: (LeadStatus.CONTACTED,),
    },
)
"""A lead can skip stages, and go back by one. A dead lead can be contacted again."""


class LeadSource(StrEnum):
    """How a lead reached the organization."""

    WEB = "web"
    PHONE = "phone"
    EMAIL = "email"
    REFERRAL = "referral"
    WALK_IN = "walk_in"
    PARTNER = "partner"
    ANNUAL_REQUOTE = "annual_requote"
    """Nobody asked: the client had a trip a year ago."""


class LeadKind(StrEnum):
    """What the person asks for."""

    CHARTER = "charter"
    MOVE = "move"


class LostReason(StrEnum):
    """Why a lead is dead."""

    PRICE = "price"
    NO_AVAILABILITY = "no_availability"
    NO_ANSWER = "no_answer"
    COMPETITOR = "competitor"
    CANCELLED_EVENT = "cancelled_event"
    OTHER = "other"


class ActivityType(StrEnum):
    """The type of an activity."""

    CALL = "call"
    EMAIL = "email"
    NOTE = "note"
    STATUS_CHANGE = "status_change"
    MEETING = "meeting"


class AssignmentMethod(StrEnum):
    """How a lead got its agent."""

    ROTATION = "rotation"
    CLIENT_AGENT = "client_agent"
    MANUAL = "manual"


def is_repeat(captured_at: datetime, status: LeadStatus, now: datetime) -> bool:
    """Whether somebody who asks again at `now` asks about the lead that they have, instead of a new one."""
    return status in OPEN_STATUSES and now - captured_at < REPEAT_PERIOD


def matching_email(email: str) -> str:
    """Return the form of an email address by which people are recognized: without its case and `+tag`."""
    local, at, domain = normalize_email(email).rpartition("@")
    name = local.partition("+")[0]
    return f"{name or local}{at}{domain}"
