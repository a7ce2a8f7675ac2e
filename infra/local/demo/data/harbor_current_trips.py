"""What Harbor Coach has on the road while the data is loaded, just before and soon after: the dispatcher's board."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from infra.local.demo.data import places as at
from infra.local.demo.fleet_scenario import Given
from infra.local.demo.scenario import Call, Trip, by_phone

TODAY: Final = (
    Trip(
        "Regional tour: a night each in Philadelphia and Baltimore.",
        *("Lumen Theatre Group", 0, "multi_day"),
        (
            Call(at.THEATRE_ROW, leaves="0:00"),
            Call(at.LIBERTY_BELL, "2:15", "22:00"),
            Call(at.HIPPODROME, "24:20", "46:00"),
            Call(at.THEATRE_ROW, "50:00"),
        ),
        *(392, 36),
        more={"amenities": ["wi-fi"]},
        life=(by_phone("Jonah Feld"),),
        leaves_in=timedelta(hours=-20),
        given=(Given("Emil Sand", "Coach 9", until="in_progress"),),
    ),
    Trip(
        "Admitted students see the harbor: back on campus already.",
        *("Morningside College", 0, "round_trip"),
        (
            Call(at.COLLEGE_WALK, leaves="0:00"),
            Call(at.SCIENCE_CENTER, "0:45", "2:20"),
            Call(at.COLLEGE_WALK, "3:10"),
        ),
        *(22, 47),
        life=(by_phone("Ada Nwosu"),),
        leaves_in=timedelta(hours=-3),
        given=(Given("Marcus Bell", "Coach 12", until="completed"),),
    ),
    Trip(
        "Lifeguards' exam at the pool.",
        *("Kingsbridge School District", 0, "round_trip"),
        (
            Call(at.KINGSBRIDGE, leaves="0:00"),
            Call(at.RIVERBANK_POOL, "0:30", "1:35"),
            Call(at.KINGSBRIDGE, "2:10"),
        ),
        *(12, 22, "minibus"),
        life=(by_phone("Ruth Castellano"),),
        leaves_in=timedelta(hours=-2),
        given=(Given("Iris Navarro", "Minibus 4", until="completed"),),
    ),
    Trip(
        "Sales team by the sea: on the Parkway just now.",
        *("Bellweather Capital", 0, "round_trip"),
        (
            Call(at.PORT_AUTHORITY, leaves="0:00"),
            Call(at.BOARDWALK, "2:25", "7:30"),
            Call(at.PORT_AUTHORITY, "10:00"),
        ),
        *(258, 50),
        more={"amenities": ["wi-fi"]},
        life=(by_phone("Priya Raman"),),
        leaves_in=timedelta(minutes=-75),
        given=(Given("Yusuf Demir", "Coach 4", until="in_progress"),),
    ),
    Trip(
        "Auditors to their plane: the driver waits at the corner.",
        *("Bellweather Capital", 0, "one_way"),
        (Call(at.TIMES_SQUARE, leaves="0:00"), Call(at.JFK, "1:10")),
        *(19, 16, "minibus"),
        life=(by_phone("Priya Raman"),),
        leaves_in=timedelta(minutes=25),
        given=(Given("Tova Lindqvist", "Minibus 1", until="checked_in"),),
    ),
    Trip(
        "Choir to its concert, with folding risers.",
        *("Borough of Marlow", 0, "round_trip"),
        (
            Call(at.MONTCLAIR, leaves="0:00"),
            Call(at.THEATRE_ROW, "0:50", "1:40"),
            Call(at.MONTCLAIR, "2:25"),
        ),
        *(34, 24, "minibus"),
        life=(by_phone("Walt Jennings"),),
        leaves_in=timedelta(hours=3),
        given=(Given("Lena Brandt", "Minibus 2"),),
    ),
    Trip(
        "Science fair, with the finalists' exhibits.",
        *("Kingsbridge School District", 0, "round_trip"),
        (
            Call(at.KINGSBRIDGE, leaves="0:00"),
            Call(at.SCIENCE_CENTER, "0:50", "2:50"),
            Call(at.KINGSBRIDGE, "3:40"),
        ),
        *(36, 52),
        life=(by_phone("Ruth Castellano"),),
        leaves_in=timedelta(hours=5),
        given=(Given(until="accepted"),),
    ),
    Trip(
        "Debaters to Princeton: booked just now, nobody drives yet.",
        *("Borough of Marlow", 0, "one_way"),
        (Call(at.MONTCLAIR, leaves="0:00"), Call(at.PRINCETON, "1:20")),
        *(52, 20, "minibus"),
        life=(by_phone("Walt Jennings"),),
        leaves_in=timedelta(hours=6),
    ),
    Trip(
        "Partners between the two offices.",
        # Loaded late in the evening, the choir is home in the morning, and its driver rests until the day after.
        *("Bellweather Capital", 2, "round_trip"),
        (
            Call(at.LIBERTY_ST, leaves="10:30"),
            Call(at.JAVITS_CENTER, "11:00", "12:30"),
            Call(at.LIBERTY_ST, "13:00"),
        ),
        *(9, 18, "minibus"),
        life=(by_phone("Tom Adler"),),
        given=(Given("Lena Brandt", "Minibus 1", until="accepted"),),
    ),
    Trip(
        "Grade six among the dinosaurs: thirty-one seats on one minibus.",
        *("Kingsbridge School District", 1, "round_trip"),
        (
            Call(at.KINGSBRIDGE, leaves="13:00"),
            Call(at.NATURAL_HISTORY, "13:45", "15:30"),
            Call(at.KINGSBRIDGE, "16:15"),
        ),
        *(18, 31, "minibus"),
        life=(by_phone("Ruth Castellano"),),
        given=(
            Given(
                *("Grace Okafor", "Minibus 3"),
                until="accepted",
                fallen="The gearbox failed on the test drive, and no other minibus has so many seats",
            ),
        ),
    ),
)
