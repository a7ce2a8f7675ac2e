"""Events of clients. The changed fields are in the event's envelope."""

from typing import ClassVar

from coachway.core.persistence.domain_events import Event


class ClientCreated(Event):
    """A client was added."""

    TYPE: ClassVar[str] = "client.created"
    client_type: str


class ClientUpdated(Event):
    """A client was updated. If its email changed, links that were sent to the previous email are no longer valid."""

    TYPE: ClassVar[str] = "client.updated"

    email_changed: bool = False


class ClientDeleted(Event):
    """A client was deleted; its history stays."""

    TYPE: ClassVar[str] = "client.deleted"


class ClientErased(Event):
    """A client's personal data was erased; consumers erase what they store about it."""

    TYPE: ClassVar[str] = "client.erased"
    client_id: str


class ClientErasureContinued(Event):
    """An erasure has more pages: `part` continues at `cursor`."""

    TYPE: ClassVar[str] = "client.erasure_continued"
    client_id: str
    part: str
    cursor: str


class ContactAdded(Event):
    """A contact was added to a client."""

    TYPE: ClassVar[str] = "client.contact_added"
    client_id: str


class ContactUpdated(Event):
    """A client's contact was updated."""

    TYPE: ClassVar[str] = "client.contact_updated"
    client_id: str
    email_changed: bool = False


class ContactRemoved(Event):
    """A contact was removed from a client."""

    TYPE: ClassVar[str] = "client.contact_removed"
    client_id: str


class AddressAdded(Event):
    """An address was added to a client."""

    TYPE: ClassVar[str] = "client.address_added"
    client_id: str


class EmailPreferencesSet(Event):
    """A client's email preferences were set."""

    TYPE: ClassVar[str] = "client.email_preferences_set"
    client_id: str
    opted_out: bool
    reminders: bool
    rating_requests: bool
    newsletter: bool
