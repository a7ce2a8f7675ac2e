"""How old what is owed is: not due yet, or so many days past its day. Pure; for clients and vendors alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, NamedTuple

from pydantic import Field

from coachway.core.schemas import BaseSchema
from coachway.core.types.datetimes import Day
from coachway.core.types.money import Amount


class Aged(BaseSchema):
    """Amounts by how many days they are past due."""

    current: Annotated[Amount, Field(description="not past due")] = 0
    days_1_30: Amount = 0
    days_31_60: Amount = 0
    days_61_90: Amount = 0
    over_90: Amount = 0
    total: Amount = 0


class AgedParty(Aged):
    """What is between us and one client or vendor."""

    id: str
    name: str


class Aging(BaseSchema):
    """What is owed, by age, of each party and of all, on a day. Largest first."""

    as_of: Day
    currency: str
    items: list[AgedParty]
    total: Aged


class Owed(NamedTuple):
    """Cents that are owed by or to somebody, and since when they are due."""

    party_id: str
    name: str
    due_date: date
    cents: int


def age(due_date: date, today: date) -> str:
    """The field of `Aged` that something due on that day belongs to. On its day it is not past due."""
    days = (today - due_date).days
    if days <= 0:
        return "current"
    return next(
        (name for last, name in ((30, "days_1_30"), (60, "days_31_60"), (90, "days_61_90")) if days <= last), "over_90"
    )


def aged(owed: Iterable[Owed], today: date, currency: str) -> Aging:
    """All of it, by age. Every cent is in one age of one party."""
    parties: dict[str, AgedParty] = {}
    total = Aged()
    for each in owed:
        party = parties.setdefault(each.party_id, AgedParty(id=each.party_id, name=each.name))
        for where in (party, total):
            name = age(each.due_date, today)
            setattr(where, name, getattr(where, name) + each.cents)
            where.total += each.cents
    items = sorted(parties.values(), key=lambda party: (-party.total, party.id))
    return Aging(as_of=today, currency=currency, items=items, total=total)
