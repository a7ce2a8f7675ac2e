"""Aging reports: open amounts of clients or vendors by the number of days past due. Pure."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, NamedTuple

from pydantic import Field

from coachway.core.schemas import BaseSchema
from coachway.core.types.datetimes import Day
from coachway.core.types.money import ApiAmount


class AgedAmounts(BaseSchema):
    """Open amounts by days past due."""

    current: Annotated[ApiAmount, Field(description="Not past due.")] = 0
    days_1_30: ApiAmount = 0
    days_31_60: ApiAmount = 0
    days_61_90: ApiAmount = 0
    over_90: ApiAmount = 0
    total: ApiAmount = 0


class AgedParty(AgedAmounts):
    """The open amounts of one client or vendor."""

    id: str
    name: str


class AgingReport(BaseSchema):
    """Open amounts by age, per client or vendor and in total. The largest total comes first."""

    as_of: Day
    currency: str
    items: list[AgedParty]
    total: AgedAmounts


class OpenAmount(NamedTuple):
    """An open amount of a client or vendor, in cents, and its due date."""

    party_id: str
    name: str
    due_date: date
    cents: int


def age_bucket(due_date: date, today: date) -> str:
    """Return the field of `AgedAmounts` for an amount due on `due_date`. On the due date it is not past due."""
    days = (today - due_date).days
    if days <= 0:
        return "current"
    return next(
        (name for last, name in ((30, "days_1_30"), (60, "days_31_60"), (90, "days_61_90")) if days <= last), "over_90"
    )


def build_aging_report(open_amounts: Iterable[OpenAmount], today: date, currency: str) -> AgingReport:
    """Sum open amounts by party and age."""
    parties: dict[str, AgedParty] = {}
    total = AgedAmounts()
    for amount in open_amounts:
        party = parties.setdefault(amount.party_id, AgedParty(id=amount.party_id, name=amount.name))
        bucket = age_bucket(amount.due_date, today)
        for aged_amounts in (party, total):
            setattr(aged_amounts, bucket, getattr(aged_amounts, bucket) + amount.cents)
            aged_amounts.total += amount.cents
    items = sorted(parties.values(), key=lambda party: (-party.total, party.id))
    return AgingReport(as_of=today, currency=currency, items=items, total=total)
