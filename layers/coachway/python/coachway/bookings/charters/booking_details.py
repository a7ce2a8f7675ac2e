"""Details of a booking that change neither its price nor what was promised: they can be edited at any time."""

from typing import Annotated, Final

from pydantic import ConfigDict, Field

from coachway.core.schemas import RequestSchema
from coachway.core.types import ids
from coachway.core.types.contact import Phone
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.text import PoNumber, Text

ContactId = Annotated[str, Field(pattern=ids.pattern("con"))]
UserId = Annotated[str, Field(pattern=ids.pattern("usr"))]


class OnSiteContact(RequestSchema):
    """The person whom the driver can call at the pickup."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Dana Lee", "phone": "+12125550124"}]})

    name: Annotated[Text, Personal(blank=ERASED)]
    phone: Annotated[Phone | None, Personal()] = None


class BookingDetails(RequestSchema):
    """Who handles a booking, for the organization and for the client."""

    salesperson_id: Annotated[
        UserId | None,
        Field(
            description="The user who sells the trip, and who is told what the client does with the quote. Defaults to "
            "the user who creates the charter."
        ),
    ] = None
    contact_id: Annotated[
        ContactId | None,
        Field(
            description="The contact of the client who receives the messages about this booking. The client receives "
            "them if it is null, or if the contact was removed or has no email. Invoices, receipts and payment "
            "reminders are always sent to the client."
        ),
    ] = None
    on_site_contact: Annotated[
        OnSiteContact | None, Field(description="The person whom the driver can call at the pickup."), Personal()
    ] = None
    po_number: Annotated[
        PoNumber | None,
        Field(description="The client's purchase order, which the invoice shows. Defaults to that of the client."),
        Personal(),
    ] = None


DETAILS: Final = frozenset(BookingDetails.model_fields)
"""The names of the fields."""
