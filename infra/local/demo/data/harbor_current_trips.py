"""Trips of Harbor Coach that are under way when the data is loaded, or start soon: the content of the board."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from infra.local.demo.data import places as at
from infra.local.demo.fleet_scenario import AssignmentPlan
from infra.local.demo.scenario import StopPlan, Trip, accepted_by_phone

CURRENT: Final = (
    Trip(
        "Regional tour: a night each in Philadelphia and Baltimore.",
        *("Lumen Theatre Group", 0, "multi_day"),
        (
            StopPlan(at.THEATRE_ROW, departs="0:00"),
            StopPlan(at.LIBERTY_BELL, "2:15", "22:00"),
            StopPlan(at.HIPPODROME, "24:20", "46:00"),
            StopPlan(at.THEATRE_ROW, "50:00"),
        ),
        *(392, 36),
        extra_fields={"amenities": ["wi-fi"]},
        status_changes=(accepted_by_phone("Jonah Feld"),),
        departs_in=timedelta(hours=-20),
        assignments=(AssignmentPlan("Emil Sand", "Coach 9", status="in_progress"),),
    ),
    Trip(
        "Admitted students see the harbor: back on campus already.",
        *("Morningside College", 0, "round_trip"),
        (
            StopPlan(at.COLLEGE_WALK, departs="0:00"),
            StopPlan(at.SCIENCE_CENTER, "0:45", "2:20"),
            StopPlan(at.COLLEGE_WALK, "3:10"),
        ),
        *(22, 47),
        status_changes=(accepted_by_phone("Ada Nwosu"),),
        departs_in=timedelta(hours=-3),
        assignments=(AssignmentPlan("Marcus Bell", "Coach 12", status="completed"),),
    ),
    Trip(
        "Lifeguards' exam at the pool.",
        *("Kingsbridge School District", 0, "round_trip"),
        (
            StopPlan(at.KINGSBRIDGE, departs="0:00"),
            StopPlan(at.RIVERBANK_POOL, "0:30", "1:35"),
            StopPlan(at.KINGSBRIDGE, "2:10"),
        ),
        *(12, 22, "minibus"),
        status_changes=(accepted_by_phone("Ruth Castellano"),),
        departs_in=timedelta(hours=-2),
        assignments=(AssignmentPlan("Iris Navarro", "Minibus 4", status="completed"),),
    ),
    Trip(
        "Sales team by the sea: on the Parkway just now.",
        *("Bellweather Capital", 0, "round_trip"),
        (
            StopPlan(at.PORT_AUTHORITY, departs="0:00"),
            StopPlan(at.BOARDWALK, "2:25", "7:30"),
            StopPlan(at.PORT_AUTHORITY, "10:00"),
        ),
        *(258, 50),
        extra_fields={"amenities": ["wi-fi"]},
        status_changes=(accepted_by_phone("Priya Raman"),),
        departs_in=timedelta(minutes=-75),
        assignments=(AssignmentPlan("Yusuf Demir", "Coach 4", status="in_progress"),),
    ),
    Trip(
        "Auditors to their plane: the driver waits at the corner.",
        *("Bellweather Capital", 0, "one_way"),
        (StopPlan(at.TIMES_SQUARE, departs="0:00"), StopPlan(at.JFK, "1:10")),
        *(19, 16, "minibus"),
        status_changes=(accepted_by_phone("Priya Raman"),),
        departs_in=timedelta(minutes=25),
        assignments=(AssignmentPlan("Tova Lindqvist", "Minibus 1", status="checked_in"),),
    ),
    Trip(
        "Choir to its concert, with folding risers.",
        *("Borough of Marlow", 0, "round_trip"),
        (
            StopPlan(at.MONTCLAIR, departs="0:00"),
            StopPlan(at.THEATRE_ROW, "0:50", "1:40"),
            StopPlan(at.MONTCLAIR, "2:25"),
        ),
        *(34, 24, "minibus"),
        status_changes=(accepted_by_phone("Walt Jennings"),),
        departs_in=timedelta(hours=3),
        assignments=(AssignmentPlan("Lena Brandt", "Minibus 2"),),
    ),
    Trip(
        "Science fair, with the finalists' exhibits.",
        *("Kingsbridge School District", 0, "round_trip"),
        (
            StopPlan(at.KINGSBRIDGE, departs="0:00"),
            StopPlan(at.SCIENCE_CENTER, "0:50", "2:50"),
            StopPlan(at.KINGSBRIDGE, "3:40"),
        ),
        *(36, 52),
        status_changes=(accepted_by_phone("Ruth Castellano"),),
        departs_in=timedelta(hours=5),
        assignments=(AssignmentPlan(status="accepted"),),
    ),
    Trip(
        "Debaters to Princeton: booked just now, nobody drives yet.",
        *("Borough of Marlow", 0, "one_way"),
        (StopPlan(at.MONTCLAIR, departs="0:00"), StopPlan(at.PRINCETON, "1:20")),
        *(52, 20, "minibus"),
        status_changes=(accepted_by_phone("Walt Jennings"),),
        departs_in=timedelta(hours=6),
    ),
    Trip(
        "Partners between the two offices.",
        # Loaded late in the evening, the choir is home in the morning, and its driver rests until the day after.
        *("Bellweather Capital", 2, "round_trip"),
        (
            StopPlan(at.LIBERTY_ST, departs="10:30"),
            StopPlan(at.JAVITS_CENTER, "11:00", "12:30"),
            StopPlan(at.LIBERTY_ST, "13:00"),
        ),
        *(9, 18, "minibus"),
        status_changes=(accepted_by_phone("Tom Adler"),),
        assignments=(AssignmentPlan("Lena Brandt", "Minibus 1", status="accepted"),),
    ),
    Trip(
        "Grade six among the dinosaurs: thirty-one seats on one minibus.",
        *("Kingsbridge School District", 1, "round_trip"),
        (
            StopPlan(at.KINGSBRIDGE, departs="13:00"),
            StopPlan(at.NATURAL_HISTORY, "13:45", "15:30"),
            StopPlan(at.KINGSBRIDGE, "16:15"),
        ),
        *(18, 31, "minibus"),
        status_changes=(accepted_by_phone("Ruth Castellano"),),
        assignments=(
            AssignmentPlan(
                *("Grace Okafor", "Minibus 3"),
                status="accepted",
                breakdown="The gearbox failed on the test drive, and no other minibus has so many seats",
            ),
        ),
    ),
)
