"""The score of a lead, from what is known: a new lead has one at once, see `scoring` for the rest."""

from collections.abc import Collection
from datetime import date

from coachway.sales.leads.model import Lead, ScoreReason
from coachway.sales.leads.score_rules import FreeVehicle, ScoredRequest, score_request


def with_score(
    lead: Lead,
    today: date,
    *,
    earlier_bookings: int | None = None,
    free_vehicles: Collection[FreeVehicle] | None = None,
) -> Lead:
    """Return the lead with its score and the reasons."""
    parts = score_request(
        ScoredRequest(
            source=lead.source,
            passengers=lead.estimated_passengers,
            trip_date=lead.estimated_trip_date,
            today=today,
            details={
                "phone": lead.phone is not None,
                "email": lead.email is not None,
                "pickup": bool(lead.pickup_location),
                "drop-off": bool(lead.dropoff_location),
                "trip details": bool(lead.trip_details),
            },
            earlier_bookings=earlier_bookings,
            free_vehicles=free_vehicles,
        )
    )
    reasons = [ScoreReason(**part._asdict()) for part in parts]
    return lead.model_copy(update={"score": sum(part.points for part in parts), "score_reasons": reasons})
