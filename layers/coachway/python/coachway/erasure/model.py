"""The record that a client was erased."""

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
    """The erasure of a client, with the client's ID. Its charters, invoices and messages are erased within minutes.

    `finished_at` is null if the erasure was interrupted. Repeat the request to finish it.
    """

    KIND: ClassVar[str] = "erasure"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"addresses"})

    addresses: Annotated[list[str], Personal()] = Field(default_factory=list, repr=False)
    """All addresses to which messages were sent, until the records of these messages are deleted."""
    finished_at: AwareDatetime | None = None

    def key(self) -> Key:
        return ERASURE.key(org=self.org_id, client=self.id)
