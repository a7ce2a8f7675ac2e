"""Route that converts leads. It prices trips, so it is separate from the other routes of leads."""

from coachway.bookings.errors import ClientInactive
from coachway.core.caller import Caller
from coachway.core.errors import InvalidStatusTransition, NotFound
from coachway.core.http.routing import ApiRouter
from coachway.sales.conversion import service
from coachway.sales.conversion.schemas import ConversionInput
from coachway.sales.leads.errors import ClientEmailTaken, LeadMerged
from coachway.sales.leads.model import Lead, LeadId

api = ApiRouter("sales", "Leads, and the agents who take care of them.", health=False)
app = api.app


@api.post(
    "/sales/leads/{lead_id}/convert",
    permission="sales:write",
    errors=(NotFound, ClientEmailTaken, ClientInactive, InvalidStatusTransition, LeadMerged),
)
def convert_lead(caller: Caller, lead_id: LeadId, body: ConversionInput) -> Lead:
    """Convert a lead to a client and a charter.

    Both are created together with the change of the lead, or nothing is. What is not sent is taken from the lead. Also
    needs the permission `charters:write` for the charter, and `clients:write` for a new client. A lead that was
    converted before is returned unchanged. A lead for a move is converted to a client only.
    """
    return service.convert_lead(caller, lead_id, body)
