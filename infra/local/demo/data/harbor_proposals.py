"""A proposal of the demo organization: three ways to make the same trip."""

from __future__ import annotations

from typing import Final

from infra.local.demo.data import places as at
from infra.local.demo.scenario import ProposalPlan, StopPlan, Trip

CLIENT: Final = "Hudson & Vale Weddings"
_GUESTS: Final = 44


def _option(notes: str, return_at: str, vehicle_class: str, vehicle_count: int = 1) -> Trip:
    """A way to bring the guests to the mountain house and back."""
    return Trip(
        notes,
        *(CLIENT, 52, "round_trip"),
        (
            StopPlan(at.THE_PLAZA, departs="13:00"),
            StopPlan(at.MOHONK, "15:15", return_at),
            StopPlan(at.THE_PLAZA, "+1 01:30"),
        ),
        *(178, _GUESTS),
        vehicle_class=vehicle_class,
        extra_fields={"vehicle_count": vehicle_count, "requires_second_driver": True},
    )


PROPOSALS: Final[tuple[ProposalPlan, ...]] = (
    ProposalPlan(
        title="Wedding at the mountain house",
        text="Thank you for your call. All three bring your guests back the same night; please choose one.",
        client=CLIENT,
        days_valid=10,
        options={
            "One coach": _option("Wedding guests, all in one coach.", "23:00", "coach"),
            "Two minibuses": _option("Wedding guests in two minibuses.", "23:00", "minibus", 2),
            "One coach, an hour earlier": _option("Wedding guests, back an hour earlier.", "22:00", "coach"),
        },
    ),
)
