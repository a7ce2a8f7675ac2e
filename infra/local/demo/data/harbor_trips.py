"""What Harbor Coach drives these days, the days before and those to come."""

from __future__ import annotations

from calendar import FRIDAY, MONDAY, SATURDAY, SUNDAY, THURSDAY, TUESDAY, WEDNESDAY
from typing import Final

from infra.local.demo.bid_scenario import Bidding, offer
from infra.local.demo.data import places as at
from infra.local.demo.data.harbor_current_trips import TODAY
from infra.local.demo.fleet_scenario import Given
from infra.local.demo.scenario import (
    COMPLETED,
    EXPIRED,
    SENT,
    STARTED,
    Bill,
    Call,
    Trip,
    accepted,
    by_phone,
    called_off,
    cancelled,
    confirmed,
    declined,
)

PAST: Final = (
    Trip(
        "Delegates of the transit conference, hotel to hall and back.",
        *("Bellweather Capital", -3, "round_trip"),
        (
            Call(at.GRAND_CENTRAL, leaves="08:00"),
            Call(at.JAVITS_CENTER, "08:30", "17:00"),
            Call(at.GRAND_CENTRAL, "17:40"),
        ),
        *(4, 44, "minibus"),
        more={"vehicle_count": 2, "requires_coi": True},
        life=(by_phone("Priya Raman"), confirmed("Minibuses 1 and 4"), STARTED, COMPLETED),
        bill=Bill.PAID,
    ),
    Trip(
        "Matinee from Princeton: two o'clock curtain.",
        *("Lumen Theatre Group", -1, "round_trip"),
        (
            Call(at.PRINCETON, leaves="10:30"),
            Call(at.THEATRE_ROW, "12:15", "17:15"),
            Call(at.PRINCETON, "19:00"),
        ),
        *(104, 52),
        more={"amenities": ["pa-system"], "deadhead_miles": 100},
        life=(by_phone("Jonah Feld"), confirmed("Coach 12 with Lena Brandt"), STARTED, COMPLETED),
        bill=Bill.IN_PART,
    ),
)

COMING: Final = (
    Trip(
        "Analysts' arrival: wait at the exit with the sign.",
        *("Bellweather Capital", 1, "one_way"),
        (Call(at.JFK, leaves="16:30"), Call(at.TIMES_SQUARE, "17:45")),
        *(19, 18, "minibus"),
        weekday=MONDAY,
        life=(by_phone("Priya Raman"),),
        given=(Given("Lena Brandt", "Minibus 1", until="accepted"),),
    ),
    Trip(
        "Swim club, every week.",
        *("Kingsbridge School District", 2, "round_trip"),
        (
            Call(at.KINGSBRIDGE, leaves="15:15"),
            Call(at.RIVERBANK_POOL, "15:45", "17:30"),
            Call(at.KINGSBRIDGE, "18:05"),
        ),
        *(12, 24, "minibus"),
        weekday=WEDNESDAY,
        weekly=4,
    ),
    Trip(
        "Planetarium evening for the recreation department.",
        *("Borough of Marlow", 2, "round_trip"),
        (
            Call(at.MONTCLAIR, leaves="17:30"),
            Call(at.SCIENCE_CENTER, "18:15", "21:00"),
            Call(at.MONTCLAIR, "21:40"),
        ),
        *(30, 48),
        weekday=WEDNESDAY,
        life=(SENT, accepted("Walt Jennings"), cancelled("Coach 7 is in the shop, and no other is free")),
    ),
    Trip(
        "Natural history, grades four and five: three coaches.",
        *("Kingsbridge School District", 3, "round_trip"),
        (
            Call(at.KINGSBRIDGE, leaves="09:00"),
            Call(at.NATURAL_HISTORY, "09:45", "14:15"),
            Call(at.KINGSBRIDGE, "15:05"),
        ),
        *(18, 141),
        weekday=TUESDAY,
        more={"vehicle_count": 3},
        life=(SENT, accepted("Ruth Castellano")),
        given=(Given(), Given(until="accepted"), Given()),
        bill=Bill.VOID,
    ),
    Trip(
        "Veterans' day out on the battlefield.",
        *("Borough of Marlow", 4, "round_trip"),
        (
            Call(at.MONTCLAIR, leaves="07:30"),
            Call(at.GETTYSBURG, "11:15", "16:30"),
            Call(at.MONTCLAIR, "20:15"),
        ),
        *(382, 38),
        more={"amenities": ["pa-system", "cooler"]},
        life=(SENT, EXPIRED),
    ),
    Trip(
        "Board retreat on the ridge.",
        *("Bellweather Capital", 5, "round_trip"),
        (
            Call(at.LIBERTY_ST, leaves="08:30"),
            Call(at.MOHONK, "10:45", "16:00"),
            Call(at.LIBERTY_ST, "18:30"),
        ),
        *(184, 22),
        weekday=THURSDAY,
        more={"amenities": ["wi-fi", "cooler"], "deadhead_miles": 8},
        life=(SENT, accepted("Priya Raman")),
        bill=Bill.DRAFT,
    ),
    Trip(
        "Seniors' lunch by the lake.",
        *("Borough of Marlow", 6, "round_trip"),
        (
            Call(at.MONTCLAIR, leaves="10:00"),
            Call(at.BEAR_MOUNTAIN, "11:00", "15:00"),
            Call(at.MONTCLAIR, "16:00"),
        ),
        *(78, 44),
        weekday=TUESDAY,
        life=(SENT,),
    ),
    Trip(
        "The Stein wedding, among the sculptures.",
        *("Hudson & Vale Weddings", 4, "round_trip"),
        (
            Call(at.THE_PLAZA, leaves="13:00"),
            Call(at.STORM_KING, "14:35", "22:30"),
            Call(at.THE_PLAZA, "23:55"),
        ),
        *(122, 50, "minibus"),
        weekday=SATURDAY,
        more={"vehicle_count": 2, "amenities": ["red-carpet"]},
        life=(SENT, accepted("Imogen Vale")),
        given=(Given(until="accepted"), Given()),
        bill=Bill.ISSUED,
    ),
    Trip(
        "Rehearsal dinner before the Aldous wedding.",
        *("Hudson & Vale Weddings", 9, "one_way"),
        (Call(at.GRAND_CENTRAL, leaves="18:00"), Call(at.BROOKLYN_MUSEUM, "18:45")),
        *(9, 26, "minibus"),
        life=(SENT, accepted("Imogen Vale"), called_off("The couple has eloped")),
    ),
)

LATER: Final = (
    Trip(
        "Family reunion by the sea.",
        *("Chidi Okonkwo", 7, "round_trip"),
        (
            Call(at.PROSPECT_PARK, leaves="08:00"),
            Call(at.BOARDWALK, "10:45", "19:00"),
            Call(at.PROSPECT_PARK, "21:45"),
        ),
        *(256, 47),
        more={"promo_code": "NEIGHBOR10", "amenities": ["cooler"]},
        life=(by_phone("Chidi Okonkwo"),),
        bill=Bill.ISSUED,
        again_after=14,
    ),
    Trip(
        "Washington in a day, eighth grade: too long a day for one driver.",
        *("Kingsbridge School District", 8, "round_trip"),
        (
            Call(at.KINGSBRIDGE, leaves="05:00"),
            Call(at.SMITHSONIAN, "09:45", "17:15"),
            Call(at.KINGSBRIDGE, "22:00"),
        ),
        *(480, 50),
        weekday=FRIDAY,
    ),
    Trip(
        "Closing night: from the stage door to the party.",
        *("Lumen Theatre Group", 9, "one_way"),
        (Call(at.THEATRE_ROW, leaves="23:00"), Call(at.PROSPECT_PARK, "23:45")),
        *(10, 25, "minibus"),
    ),
    Trip(
        "Quinceañera: the court of honor arrives together.",
        *("Rosa Delgado", 8, "one_way"),
        (Call(at.CORONA, leaves="17:00"), Call(at.THE_PLAZA, "17:50")),
        *(10, 28, "minibus"),
        weekday=SATURDAY,
        more={"amenities": ["red-carpet"]},
        life=(SENT, declined("A cousin lends us his bus")),
    ),
    Trip(
        "Book club goes to see the Monets.",
        *("Rosa Delgado", 11, "round_trip"),
        (
            Call(at.PORT_AUTHORITY, leaves="07:30"),
            Call(at.FINE_ARTS, "11:45", "16:30"),
            Call(at.PORT_AUTHORITY, "20:45"),
        ),
        *(424, 33),
        life=(SENT,),
    ),
    Trip(
        "Model United Nations in Chicago: two drivers through both nights.",
        *("Morningside College", 12, "multi_day"),
        (
            Call(at.COLLEGE_WALK, leaves="17:00"),
            Call(at.MICHIGAN_AVE, "+1 06:30", "+4 15:00"),
            Call(at.COLLEGE_WALK, "+5 06:30"),
        ),
        *(1580, 41),
        more={"requires_second_driver": True, "amenities": ["wi-fi"]},
        life=(SENT, accepted("Ada Nwosu")),
    ),
)

GIVEN_AWAY: Final = (
    Trip(
        "Interns' day at the lake: all our own coaches are out.",
        *("Bellweather Capital", 8, "round_trip"),
        (
            Call(at.LIBERTY_ST, leaves="08:30"),
            Call(at.BEAR_MOUNTAIN, "09:45", "16:00"),
            Call(at.LIBERTY_ST, "17:30"),
        ),
        *(104, 96),
        weekday=THURSDAY,
        more={"vehicle_count": 2},
        life=(by_phone("Priya Raman"),),
        bidding=Bidding(
            "Two coaches that stay with the group. One of the two will do.",
            (
                offer("Ridgeline Coaches", 2240, 56, "Both, with the same two drivers all day.", vehicles=2),
                offer("Palisade Motor Lines", 1190, 54, "We have one to spare that day."),
            ),
            target_price=2400,
            hours=168,
        ),
    ),
    Trip(
        "The orchestra and its instruments, up to the mountain house.",
        *("Lumen Theatre Group", 6, "round_trip"),
        (
            Call(at.THEATRE_ROW, leaves="10:00"),
            Call(at.MOHONK, "12:15", "17:30"),
            Call(at.THEATRE_ROW, "19:45"),
        ),
        *(184, 48),
        life=(by_phone("Jonah Feld"),),
        bidding=Bidding(
            "Room for two double basses below.",
            (
                offer("Ridgeline Coaches", 1180, 56, "The basses ride in a heated bay."),
                offer("Empire Valley Charters", 1265, 50, "Same driver as last spring."),
                offer("Palisade Motor Lines", 1390, 54, ""),
            ),
            closed="All three have answered",
            chosen="The lowest, and it knows the stage door",
        ),
        given=(Given("Otis Maddox", "Ridgeline 21", until="accepted", by="vendor"),),
    ),
    Trip(
        "Harvest market, all day: nobody has a minibus left that Sunday.",
        *("Borough of Marlow", 7, "round_trip"),
        (
            Call(at.MONTCLAIR, leaves="09:30"),
            Call(at.PRINCETON, "10:45", "15:00"),
            Call(at.MONTCLAIR, "16:20"),
        ),
        *(98, 22, "minibus"),
        weekday=SUNDAY,
        life=(by_phone("Walt Jennings"),),
        bidding=Bidding("Stays at the market.", target_price=700, closed="Everybody called to say no"),
    ),
)

TRIPS: Final = (*PAST, *TODAY, *COMING, *LATER, *GIVEN_AWAY)
