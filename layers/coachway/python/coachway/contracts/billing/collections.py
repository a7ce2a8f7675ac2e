"""Events of collections: automatic card payments on the due date."""

from datetime import date
from typing import Annotated, ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import ERASED, Personal


class _Collection(Event):
    """Fields common to all events of a collection."""

    collection_id: str
    client_id: str
    client_name: Annotated[str, Personal(blank=ERASED)]
    charter_id: str | None
    invoice_id: str | None
    number: str
    due_on: date


class PaymentAnnounced(_Collection):
    """An email announces to the client that an amount will be due.

    `card` is charged on `charge_on`. Without a card that the client has agreed to charge, the client pays on a page.
    """

    TYPE: ClassVar[str] = "payment.announced"

    client_email: Annotated[str, Personal()]
    amount: StoredAmount
    currency: str
    card: Annotated[str | None, Personal()]
    charge_on: date
    link_nonce: str


class PaymentDue(_Collection):
    """A payment is due, and the collection workflow starts. `round` counts the starts."""

    TYPE: ClassVar[str] = "payment.due"

    round: int


class PaymentCollected(_Collection):
    """The due amount was collected, or is no longer due."""

    TYPE: ClassVar[str] = "payment.collected"


class PaymentCollectionFailed(_Collection):
    """All attempts failed, or the client has not agreed to charges of a saved card. Staff are notified."""

    TYPE: ClassVar[str] = "payment.uncollected"

    amount: StoredAmount
    currency: str
    tries: int
    reason: Annotated[str, Personal()]


class CollectionWorkflowFailed(_Collection):
    """A step of the workflow failed permanently. The collection can be retried."""

    TYPE: ClassVar[str] = "collection.failed"

    state: str
    error: str
