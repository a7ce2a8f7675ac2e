"""Trips of Harbor Coach: past, current and future."""

from __future__ import annotations

from calendar import FRIDAY, MONDAY, SATURDAY, SUNDAY, THURSDAY, TUESDAY, WEDNESDAY
from typing import Final

from infra.local.demo.bid_scenario import BidRequestPlan, bid
from infra.local.demo.data import places as at
from infra.local.demo.data.harbor_current_trips import CURRENT
from infra.local.demo.fleet_scenario import AssignmentPlan
from infra.local.demo.scenario import (
    COMPLETED,
    EXPIRED,
    SENT,
    STARTED,
    InvoiceState,
    StopPlan,
    Trip,
    accepted_by_phone,
    accepted_online,
    cancelled_by_client,
    cancelled_by_operator,
    confirmed,
    declined_online,
)

PAST: Final = (
    Trip(
        "Delegates of the transit conference, hotel to hall and back.",
        *("Bellweather Capital", -3, "round_trip"),
        (
            StopPlan(at.GRAND_CENTRAL, departs="08:00"),
            StopPlan(at.JAVITS_CENTER, "08:30", "17:00"),
            StopPlan(at.GRAND_CENTRAL, "17:40"),
        ),
        *(4, 44, "minibus"),
        extra_fields={"vehicle_count": 2, "requires_coi": True},
        status_changes=(accepted_by_phone("Priya Raman"), confirmed("Minibuses 1 and 4"), STARTED, COMPLETED),
        invoice=InvoiceState.PAID,
    ),
    Trip(
        "Matinee from Princeton: two o'clock curtain.",
        *("Lumen Theatre Group", -1, "round_trip"),
        (
            StopPlan(at.PRINCETON, departs="10:30"),
            StopPlan(at.THEATRE_ROW, "12:15", "17:15"),
            StopPlan(at.PRINCETON, "19:00"),
        ),
        *(104, 52),
        extra_fields={"amenities": ["pa-system"], "deadhead_miles": 100},
        status_changes=(accepted_by_phone("Jonah Feld"), confirmed("Coach 12 with Lena Brandt"), STARTED, COMPLETED),
        invoice=InvoiceState.PARTLY_PAID,
    ),
)

COMING: Final = (
    Trip(
        "Analysts' arrival: wait at the exit with the sign.",
        *("Bellweather Capital", 1, "one_way"),
        (StopPlan(at.JFK, departs="16:30"), StopPlan(at.TIMES_SQUARE, "17:45")),
        *(19, 18, "minibus"),
        weekday=MONDAY,
        status_changes=(accepted_by_phone("Priya Raman"),),
        assignments=(AssignmentPlan("Lena Brandt", "Minibus 1", status="accepted"),),
    ),
    Trip(
        "Swim club, every week.",
        *("Kingsbridge School District", 2, "round_trip"),
        (
            StopPlan(at.KINGSBRIDGE, departs="15:15"),
            StopPlan(at.RIVERBANK_POOL, "15:45", "17:30"),
            StopPlan(at.KINGSBRIDGE, "18:05"),
        ),
        *(12, 24, "minibus"),
        weekday=WEDNESDAY,
        weekly_count=4,
    ),
    Trip(
        "Planetarium evening for the recreation department.",
        *("Borough of Marlow", 2, "round_trip"),
        (
            StopPlan(at.MONTCLAIR, departs="17:30"),
            StopPlan(at.SCIENCE_CENTER, "18:15", "21:00"),
            StopPlan(at.MONTCLAIR, "21:40"),
        ),
        *(30, 48),
        weekday=WEDNESDAY,
        status_changes=(
            SENT,
            accepted_online("Walt Jennings"),
            cancelled_by_operator("Coach 7 is in the shop, and no other is free"),
        ),
    ),
    Trip(
        "Natural history, grades four and five: three coaches.",
        *("Kingsbridge School District", 3, "round_trip"),
        (
            StopPlan(at.KINGSBRIDGE, departs="09:00"),
            StopPlan(at.NATURAL_HISTORY, "09:45", "14:15"),
            StopPlan(at.KINGSBRIDGE, "15:05"),
        ),
        *(18, 141),
        weekday=TUESDAY,
        extra_fields={"vehicle_count": 3},
        status_changes=(SENT, accepted_online("Ruth Castellano")),
        assignments=(AssignmentPlan(), AssignmentPlan(status="accepted"), AssignmentPlan()),
        invoice=InvoiceState.VOID,
    ),
    Trip(
        "Veterans' day out on the battlefield.",
        *("Borough of Marlow", 4, "round_trip"),
        (
            StopPlan(at.MONTCLAIR, departs="07:30"),
            StopPlan(at.GETTYSBURG, "11:15", "16:30"),
            StopPlan(at.MONTCLAIR, "20:15"),
        ),
        *(382, 38),
        extra_fields={"amenities": ["pa-system", "cooler"]},
        status_changes=(SENT, EXPIRED),
    ),
    Trip(
        "Board retreat on the ridge.",
        *("Bellweather Capital", 5, "round_trip"),
        (
            StopPlan(at.LIBERTY_ST, departs="08:30"),
            StopPlan(at.MOHONK, "10:45", "16:00"),
            StopPlan(at.LIBERTY_ST, "18:30"),
        ),
        *(184, 22),
        weekday=THURSDAY,
        extra_fields={"amenities": ["wi-fi", "cooler"], "deadhead_miles": 8},
        status_changes=(SENT, accepted_online("Priya Raman")),
        invoice=InvoiceState.DRAFT,
    ),
    Trip(
        "Seniors' lunch by the lake.",
        *("Borough of Marlow", 6, "round_trip"),
        (
            StopPlan(at.MONTCLAIR, departs="10:00"),
            StopPlan(at.BEAR_MOUNTAIN, "11:00", "15:00"),
            StopPlan(at.MONTCLAIR, "16:00"),
        ),
        *(78, 44),
        weekday=TUESDAY,
        price_adjustments={
            "all_in_price": {"amount": 850, "reason": "Walt has 850 left, and three more trips in spring"},
            "price_display": "total_only",
            "cost": 640,
        },
        status_changes=(SENT,),
    ),
    Trip(
        "The Stein wedding, among the sculptures.",
        *("Hudson & Vale Weddings", 4, "round_trip"),
        (
            StopPlan(at.THE_PLAZA, departs="13:00"),
            StopPlan(at.STORM_KING, "14:35", "22:30"),
            StopPlan(at.THE_PLAZA, "23:55"),
        ),
        *(122, 50, "minibus"),
        weekday=SATURDAY,
        extra_fields={"vehicle_count": 2, "amenities": ["red-carpet"]},
        status_changes=(SENT, accepted_online("Imogen Vale")),
        assignments=(AssignmentPlan(status="accepted"), AssignmentPlan()),
        invoice=InvoiceState.ISSUED,
    ),
    Trip(
        "Rehearsal dinner before the Aldous wedding.",
        *("Hudson & Vale Weddings", 9, "one_way"),
        (StopPlan(at.GRAND_CENTRAL, departs="18:00"), StopPlan(at.BROOKLYN_MUSEUM, "18:45")),
        *(9, 26, "minibus"),
        status_changes=(SENT, accepted_online("Imogen Vale"), cancelled_by_client("The couple has eloped")),
    ),
)

LATER: Final = (
    Trip(
        "Family reunion by the sea.",
        *("Chidi Okonkwo", 7, "round_trip"),
        (
            StopPlan(at.PROSPECT_PARK, departs="08:00"),
            StopPlan(at.BOARDWALK, "10:45", "19:00"),
            StopPlan(at.PROSPECT_PARK, "21:45"),
        ),
        *(256, 47),
        extra_fields={"promo_code": "NEIGHBOR10", "amenities": ["cooler"]},
        status_changes=(accepted_by_phone("Chidi Okonkwo"),),
        invoice=InvoiceState.ISSUED,
        clone_after_days=14,
    ),
    Trip(
        "Washington in a day, eighth grade: too long a day for one driver.",
        *("Kingsbridge School District", 8, "round_trip"),
        (
            StopPlan(at.KINGSBRIDGE, departs="05:00"),
            StopPlan(at.SMITHSONIAN, "09:45", "17:15"),
            StopPlan(at.KINGSBRIDGE, "22:00"),
        ),
        *(480, 50),
        weekday=FRIDAY,
    ),
    Trip(
        "Closing night: from the stage door to the party.",
        *("Lumen Theatre Group", 9, "one_way"),
        (StopPlan(at.THEATRE_ROW, departs="23:00"), StopPlan(at.PROSPECT_PARK, "23:45")),
        *(10, 25, "minibus"),
        is_entered_by_address=True,
    ),
    Trip(
        "Quinceañera: the court of honor arrives together.",
        *("Rosa Delgado", 8, "one_way"),
        (StopPlan(at.CORONA, departs="17:00"), StopPlan(at.THE_PLAZA, "17:50")),
        *(10, 28, "minibus"),
        weekday=SATURDAY,
        extra_fields={"amenities": ["red-carpet"]},
        status_changes=(SENT, declined_online("A cousin lends us his bus")),
    ),
    Trip(
        "Book club goes to see the Monets.",
        *("Rosa Delgado", 11, "round_trip"),
        (
            StopPlan(at.PORT_AUTHORITY, departs="07:30"),
            StopPlan(at.FINE_ARTS, "11:45", "16:30"),
            StopPlan(at.PORT_AUTHORITY, "20:45"),
        ),
        *(424, 33),
        price_adjustments={
            "lines": [{"label": "Parking at the museum", "unit_amount": 40, "reason": "By the museum's price list"}],
            "discount": {"percent": 5, "label": "For regulars", "reason": "Rosa books every season"},
        },
        status_changes=(SENT,),
        held_vehicles=("Coach 9",),
    ),
    Trip(
        "Model United Nations in Detroit: two drivers through both nights.",
        *("Morningside College", 12, "multi_day"),
        (
            StopPlan(at.COLLEGE_WALK, departs="17:00"),
            StopPlan(at.CAMPUS_MARTIUS, "+1 06:15", "+4 17:00"),
            StopPlan(at.COLLEGE_WALK, "+5 06:15"),
        ),
        *(1280, 41),
        extra_fields={"requires_second_driver": True, "amenities": ["wi-fi"]},
        status_changes=(SENT, accepted_online("Ada Nwosu")),
    ),
)

WITH_BIDS: Final = (
    Trip(
        "Interns' day at the lake: all our own coaches are out.",
        *("Bellweather Capital", 8, "round_trip"),
        (
            StopPlan(at.LIBERTY_ST, departs="08:30"),
            StopPlan(at.BEAR_MOUNTAIN, "09:45", "16:00"),
            StopPlan(at.LIBERTY_ST, "17:30"),
        ),
        *(104, 96),
        weekday=THURSDAY,
        extra_fields={"vehicle_count": 2},
        status_changes=(accepted_by_phone("Priya Raman"),),
        bid_request=BidRequestPlan(
            "Two coaches that stay with the group. Bids for one coach are welcome.",
            (
                bid("Ridgeline Coaches", 2240, 56, "Both, with the same two drivers all day.", vehicles=2),
                bid("Palisade Motor Lines", 1190, 54, "We have one to spare that day."),
            ),
            target_price=2400,
            hours=168,
        ),
    ),
    Trip(
        "The orchestra and its instruments, up to the mountain house.",
        *("Lumen Theatre Group", 6, "round_trip"),
        (
            StopPlan(at.THEATRE_ROW, departs="10:00"),
            StopPlan(at.MOHONK, "12:15", "17:30"),
            StopPlan(at.THEATRE_ROW, "19:45"),
        ),
        *(184, 48),
        status_changes=(accepted_by_phone("Jonah Feld"),),
        bid_request=BidRequestPlan(
            "Room for two double basses below.",
            (
                bid("Ridgeline Coaches", 1180, 56, "The basses ride in a heated bay."),
                bid("Empire Valley Charters", 1265, 50, "Same driver as last spring."),
                bid("Palisade Motor Lines", 1390, 54, ""),
            ),
            close_reason="All three have answered",
            award_reason="The lowest, and it knows the stage door",
        ),
        assignments=(AssignmentPlan("Otis Maddox", "Ridgeline 21", status="accepted", assigned_by="vendor"),),
    ),
    Trip(
        "Harvest market, all day: nobody has a minibus left that Sunday.",
        *("Borough of Marlow", 7, "round_trip"),
        (
            StopPlan(at.MONTCLAIR, departs="09:30"),
            StopPlan(at.PRINCETON, "10:45", "15:00"),
            StopPlan(at.MONTCLAIR, "16:20"),
        ),
        *(98, 22, "minibus"),
        weekday=SUNDAY,
        status_changes=(accepted_by_phone("Walt Jennings"),),
        bid_request=BidRequestPlan("Stays at the market.", target_price=700, close_reason="Everybody called to say no"),
    ),
)

TRIPS: Final = (*PAST, *CURRENT, *COMING, *LATER, *WITH_BIDS)
