"""The fields that events copy from a proposal."""

from collections.abc import Mapping, Sequence
from typing import Any

from coachway.bookings.charters.model import Charter
from coachway.clients.model import Client
from coachway.contracts.proposals import ProposalTrip
from coachway.sales.proposals.model import Proposal


def event_fields(proposal: Proposal) -> dict[str, Any]:
    """The fields of every event of a proposal."""
    return {
        "proposal_id": proposal.id,
        "number": proposal.number,
        "client_id": proposal.client_id,
        "status": proposal.status.value,
        "revision_number": proposal.revision_number,
    }


def mail_event_fields(proposal: Proposal, client: Client | None, trips: Sequence[ProposalTrip]) -> dict[str, Any]:
    """The fields of events that are emailed; name and email are empty if the client was removed."""
    return {
        **event_fields(proposal),
        "title": proposal.title,
        "client_name": client.name if client else "",
        "client_email": client.email if client else "",
        "choice": proposal.choice.value,
        "currency": proposal.currency,
        "link_nonce": proposal.nonce,
        "salesperson_id": proposal.salesperson_id,
        "trips": list(trips),
    }


def list_trips(
    proposal: Proposal, charters: Mapping[str, Charter], numbers: Sequence[int], nonces: Mapping[str, str] | None = None
) -> list[ProposalTrip]:
    """The trips of the items with these numbers. `nonces` are those of the links to their pages, by charter."""
    return [
        _build_trip(proposal, number, charters[proposal.items[number - 1].charter_id], nonces or {})
        for number in numbers
    ]


def _build_trip(proposal: Proposal, number: int, charter: Charter, nonces: Mapping[str, str]) -> ProposalTrip:
    item = proposal.items[number - 1]
    return ProposalTrip(
        item=number,
        label=item.label,
        charter_id=charter.id,
        number=charter.number,
        pickup=charter.stops[0].address,
        dropoff=charter.stops[-1].address,
        starts_at=charter.starts_at,
        timezone=charter.timezone,
        vehicle_class=charter.vehicle_class,
        vehicle_count=charter.vehicle_count,
        vehicle_groups=charter.vehicle_groups,
        passengers=charter.passengers,
        total=charter.quote.total,
        deposit_due=item.deposit_due,
        link_nonce=nonces.get(charter.id, ""),
    )
