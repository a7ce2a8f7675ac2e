"""Proposals in messages."""

from coachway.contracts.proposals import ProposalAccepted, ProposalDeclined, ProposalSent, ProposalTrip
from coachway.core.documents.formatting import Formatter
from coachway.core.trip_vehicles import describe_vehicles


def proposal_trips(
    event: ProposalSent | ProposalAccepted | ProposalDeclined, formatter: Formatter
) -> list[tuple[str, str]]:
    """Label and text of each trip: `Option 1, One coach` and the day, the vehicles and the price."""
    return [(_label(event.choice, trip), _describe(trip, event.currency, formatter)) for trip in event.trips]


def _label(choice: str, trip: ProposalTrip) -> str:
    name = f"{'Option' if choice == 'one' else 'Part'} {trip.item}"
    return f"{name}, {trip.label}" if trip.label else name


def _describe(trip: ProposalTrip, currency: str, formatter: Formatter) -> str:
    day = formatter.day(trip.starts_at, trip.timezone)
    vehicles = describe_vehicles(trip.vehicle_class, trip.vehicle_count, trip.vehicle_groups)
    people = formatter.number(trip.passengers)
    return f"{day}, {vehicles}, {people} passengers: {formatter.money(trip.total, currency)} ({trip.number})"
