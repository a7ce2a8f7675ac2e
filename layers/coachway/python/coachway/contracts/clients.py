"""What happens to clients. The field-level changes stand in the event's envelope, not here."""

from __future__ import annotations

from typing import ClassVar

from coachway.core.persistence.domain_events import Event


class ClientCreated(Event):
    """A client was added."""

    TYPE: ClassVar[str] = "client.created"
    client_type: str


class ClientUpdated(Event):
    """Something about a client was changed."""

    TYPE: ClassVar[str] = "client.updated"


class ClientDeleted(Event):
    """A client was removed; its history stays."""

    TYPE: ClassVar[str] = "client.deleted"


class ClientErased(Event):
    """A client was taken out of the records for good: whoever keeps something else of it erases that now."""

    TYPE: ClassVar[str] = "client.erased"
    client_id: str


class ClientErasureContinued(Event):
    """There was more of a client to erase than one go takes: `part` goes on behind `cursor`."""

    TYPE: ClassVar[str] = "client.erasure_continued"
    client_id: str
    part: str
    cursor: str


class ContactAdded(Event):
    """A person was added to a client."""

    TYPE: ClassVar[str] = "client.contact_added"
    client_id: str


class ContactUpdated(Event):
    """Something about a client's contact was changed."""

    TYPE: ClassVar[str] = "client.contact_updated"
    client_id: str


class ContactRemoved(Event):
    """A person was taken off a client."""

    TYPE: ClassVar[str] = "client.contact_removed"
    client_id: str


class AddressAdded(Event):
    """A place was added to a client."""

    TYPE: ClassVar[str] = "client.address_added"
    client_id: str


class EmailPreferencesSet(Event):
    """A client said which mails it wants."""

    TYPE: ClassVar[str] = "client.email_preferences_set"
    client_id: str
    opted_out: bool
    reminders: bool
    rating_requests: bool
    newsletter: bool
