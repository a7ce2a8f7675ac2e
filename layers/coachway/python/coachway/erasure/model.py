"""The record that a client was erased."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final

from pydantic import AwareDatetime, Field

from coachway.core.client_reference import CLIENT
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.types.datetimes import sortable, sortable_hour
from coachway.core.types.personal import Personal

ERASURE = AccessPattern(
    "the record that a client was erased",
    pk=CLIENT.pk.replace("{id}", "{client}"),
    sk="ERASED",
)
DUE = AccessPattern(
    "erasures of all organizations by the hour in which they are repeated, for the timer",
    index="gsi1",
    pk="ERASURES_DUE#{hour}",
    sk="{due}#{client}",
)

REPEATED_AFTER: Final = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=24))
"""When an erasure is repeated: what was in progress meanwhile may have stored personal data that it had read before."""


class Erasure(Entity):
    """The erasure of a client, with the client's ID. Its charters, invoices and messages are erased within minutes.

    `finished_at` is null if the erasure was interrupted. Repeat the request to finish it.
    """

    KIND: ClassVar[str] = "erasure"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"addresses", "repetitions"})

    addresses: Annotated[list[str], Personal()] = Field(default_factory=list, repr=False)
    """All addresses to which messages were sent, until the last run has deleted the records of these messages."""
    finished_at: AwareDatetime | None = None
    repetitions: int = 0
    """How often it was repeated since."""

    def key(self) -> Key:
        return ERASURE.key(org=self.org_id, client=self.id)

    def indexes(self) -> Mapping[str, Key]:
        if self.due_at is None:
            return {}
        hour, due = sortable_hour(self.due_at), sortable(self.due_at)
        return {"gsi1": DUE.key(hour=hour, due=due, client=self.id)}

    @property
    def is_last_run(self) -> bool:
        """Whether it is not repeated any more."""
        return self.repetitions >= len(REPEATED_AFTER)

    @property
    def due_at(self) -> datetime | None:
        """When it is repeated next."""
        if self.finished_at is None or self.is_last_run:
            return None
        return self.finished_at + REPEATED_AFTER[self.repetitions]
