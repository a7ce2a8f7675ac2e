"""The cancellation policy of an organization or a client, and the text of an organization's terms."""

import hashlib
import itertools
from collections.abc import Iterable
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.schemas import RequestSchema
from coachway.core.types.text import PARAGRAPH


class RefundTier(RequestSchema):
    """Cancelling at least `hours` before the first pickup refunds `percent` of what was paid."""

    model_config = ConfigDict(frozen=True)

    hours: Annotated[int, Field(ge=0, le=8760, description="Elapsed hours before the first pickup.")]
    percent: Annotated[int, Field(ge=0, le=100, description="Percent of what was paid.")]


def _sort_tiers(tiers: list[RefundTier]) -> list[RefundTier]:
    """Return the tiers, longest notice first. Raises ValueError unless more notice never refunds less."""
    ordered = sorted(tiers, key=lambda tier: tier.hours, reverse=True)
    for longer, shorter in itertools.pairwise(ordered):
        if longer.hours == shorter.hours:
            raise ValueError(f"must have one tier for {longer.hours} hours")
        if longer.percent < shorter.percent:
            raise ValueError(
                f"must not refund less for more notice: {longer.hours} hours refund {longer.percent}%, but "
                f"{shorter.hours} hours refund {shorter.percent}%"
            )
    return ordered


class CancellationPolicy(RequestSchema):
    """What a client gets back who cancels. With less notice than every tier has, nothing is refunded.

    If the operator cancels, everything is refunded.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"tiers": [{"hours": 336, "percent": 100}, {"hours": 72, "percent": 50}]}]}
    )

    tiers: Annotated[
        list[RefundTier],
        Field(min_length=1, max_length=10, description="In any order. More notice must not refund less."),
        AfterValidator(_sort_tiers),
    ]


DEFAULT_TIERS: Final = (
    RefundTier(hours=72, percent=100),
    RefundTier(hours=48, percent=75),
    RefundTier(hours=24, percent=50),
    RefundTier(hours=0, percent=0),
)
"""The tiers of an organization that has not set others, and of trips that were quoted before policies could be set."""


def default_policy() -> CancellationPolicy:
    """The cancellation policy of an organization that has not set another one."""
    return CancellationPolicy(tiers=list(DEFAULT_TIERS))


def describe_tiers(tiers: Iterable[RefundTier]) -> list[str]:
    """What a cancellation refunds, in words, longest notice first."""
    texts: list[str] = []
    previous: RefundTier | None = None
    for tier in sorted(tiers, key=lambda tier: tier.hours, reverse=True):
        if previous is None:
            notice = (
                f"{_hours(tier.hours)} or more before the first pickup" if tier.hours else "Before the first pickup"
            )
        elif tier.hours:
            notice = f"{_range_start(tier.hours, previous.hours)} to {_hours(previous.hours)} before"
        else:
            notice = f"Less than {_hours(previous.hours)} before"
        texts.append(f"{notice}: {_refund(tier.percent)}")
        previous = tier
    if previous is not None and previous.hours:
        texts.append(f"Less than {_hours(previous.hours)} before: {_refund(0)}")
    return texts


def _hours(hours: int) -> str:
    """`72 hours`, or `14 days (336 hours)`: hours say exactly when a notice ends, also when the clocks change."""
    unit = "1 hour" if hours == 1 else f"{hours} hours"
    return f"{hours // 24} days ({unit})" if _is_in_days(hours) else unit


def _range_start(hours: int, end: int) -> str:
    """The start of a range: without its unit if the end has the same."""
    return _hours(hours) if _is_in_days(hours) or _is_in_days(end) else str(hours)


def _is_in_days(hours: int) -> bool:
    return hours > 72 and hours % 24 == 0


def _refund(percent: int) -> str:
    return f"we refund {percent}% of what you paid" if percent else "no refund"


TermsText = Annotated[str, StringConstraints(max_length=10_000), PARAGRAPH]
"""The terms and conditions of an organization: up to 10,000 characters of plain text."""

TERMS = AccessPattern("a text of an organization's terms, by its digest", pk="ORG#{org}#TERMS#{digest}", sk="HEAD")


class TermsVersion(Record):
    """A text of an organization's terms. It never changes: quotes name the text that their client was shown."""

    KIND: ClassVar[str] = "terms_version"

    org_id: str
    digest: str
    text: str

    def key(self) -> Key:
        return TERMS.key(org=self.org_id, digest=self.digest)


def terms_digest(text: str) -> str:
    """The SHA-256 of a text of terms in hexadecimal; empty for an empty text."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""
