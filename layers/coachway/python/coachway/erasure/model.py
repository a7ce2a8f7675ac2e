"""The record that a client was erased."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from coachway.core.client_reference import CLIENT
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.types.personal import Personal

ERASURE = AccessPattern(
    "the record that a client was erased",
    pk=CLIENT.pk.replace("{id}", "{client}"),
    sk="ERASED",
)


class Erasure(Entity):
    """The erasure of a client, with the client's id. Other capabilities erase what they store in the minutes after.

    `finished_at` is None while the erasure of the client itself was interrupted.
    """

    KIND: ClassVar[str] = "erasure"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"addresses"})

    addresses: Annotated[list[str], Personal()] = Field(default_factory=list, repr=False)
    """All addresses that the client was written to, until the records of these messages are removed."""
    finished_at: AwareDatetime | None = None

    def key(self) -> Key:
        return ERASURE.key(org=self.org_id, client=self.id)
