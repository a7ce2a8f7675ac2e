"""Prairie Lines, of Winnipeg: a smaller organization with another currency, time zone and settings."""

from __future__ import annotations

from calendar import THURSDAY
from typing import Final

from infra.local.demo.data import places as at
from infra.local.demo.fleet_scenario import AssignmentPlan, driver, vehicle
from infra.local.demo.scenario import (
    COMPLETED,
    SENT,
    STARTED,
    Scenario,
    StopPlan,
    Trip,
    accepted_by_phone,
    accepted_online,
    billing_address,
    client,
    confirmed,
    contact,
)

_GARAGE: Final = (49.9139, -97.1900)

SCENARIO: Final = Scenario(
    zone="America/Winnipeg",
    settings={
        "timezone": "America/Winnipeg",
        "currency": "CAD",
        "tax_rate_percent": 12,
        "fuel_surcharge_per_mile": 0.01,
        "minimum_charge": 400,
        "number_prefixes": {"charter": "PL"},
        "branding": {"color": "#b3261e", "email": "hello@prairie.example", "phone": "+12045550110"},
    },
    rules=(
        {"name": "Base fare", "rule_type": "base_rate", "amount": 420},
        {"name": "Mileage", "rule_type": "mileage_rate", "amount": 3.1},
        {
            "name": "Saturday and Sunday",
            "rule_type": "time_multiplier",
            "percent": 20,
            "weekdays": ["saturday", "sunday"],
        },
        {"name": "Deep winter", "rule_type": "seasonal", "percent": 12, "season_start": "12-15", "season_end": "03-20"},
        {"name": "Hotel for the driver", "rule_type": "flat_fee", "fee": "overnight", "amount": 210},
    ),
    amenities=({"code": "skate-rack", "name": "Rack for skates and sticks", "amount": 80},),
    promo_codes=(),
    clients=(
        client(
            *("Forks Conferences", "corporate", "desk@forksconferences.example", "+12045550121", "net_30", 12000),
            billing_address("123 Main St", "Winnipeg", "MB", "R3C 1A3", "CA"),
            contact("Amélie Roy", "booking", "amelie.roy@forksconferences.example"),
        ),
        client(
            *("Assiniboine School Division", "government", "trips@assiniboine.example", "+12045550125"),
            *("net_45", 18000),
            billing_address("410 9th St", "Brandon", "MB", "R7A 6A2", "CA"),
            contact("Gordon Pike", "booking", "gordon.pike@assiniboine.example"),
        ),
        client(
            *("Selkirk Skating Club", "personal", "ice@selkirkskating.example", "+12045550129"),
            *("due_on_receipt", 0),
            billing_address("1 Centre St", "Gimli", "MB", "R0C 1B0", "CA"),
        ),
    ),
    trips=(
        Trip(
            "Opening night at the museum.",
            *("Forks Conferences", -2, "one_way"),
            (StopPlan(at.WINNIPEG_AIRPORT, departs="17:00"), StopPlan(at.HUMAN_RIGHTS, "17:30")),
            *(7, 40),
            status_changes=(accepted_by_phone("Amélie Roy"), confirmed("Bus 2"), STARTED, COMPLETED),
        ),
        Trip(
            "Speakers see the lake.",
            *("Forks Conferences", 2, "round_trip"),
            (
                StopPlan(at.WINNIPEG_STATION, departs="09:00"),
                StopPlan(at.GIMLI, "10:15", "14:30"),
                StopPlan(at.WINNIPEG_STATION, "15:45"),
            ),
            *(114, 35),
            status_changes=(SENT, accepted_online("Amélie Roy")),
            assignments=(AssignmentPlan(status="accepted"),),
        ),
        Trip(
            "Grade ten visits the legislature, a time zone away.",
            *("Assiniboine School Division", 5, "multi_day"),
            (
                StopPlan(at.BRANDON, departs="08:00"),
                StopPlan(at.REGINA, "12:30", "+1 13:00"),
                StopPlan(at.BRANDON, "+1 18:30"),
            ),
            *(460, 46),
            weekday=THURSDAY,
            status_changes=(SENT, accepted_online("Gordon Pike")),
        ),
        Trip(
            "Regional meet, with all the gear.",
            *("Selkirk Skating Club", 7, "round_trip"),
            (
                StopPlan(at.GIMLI, departs="07:00"),
                StopPlan(at.BRANDON, "10:45", "16:30"),
                StopPlan(at.GIMLI, "20:15"),
            ),
            *(378, 48),
            extra_fields={"amenities": ["skate-rack"]},
            status_changes=(SENT,),
        ),
    ),
    drivers=(
        driver("Colette Fontaine", "+12045550131", "B", "FO-NT-AC-C501DH", (49.8844, -97.1471)),
        driver("Bert Sigurdson", "+12045550132", "A", "SI-GU-RB-B112KL", (50.6330, -96.9907)),
        driver("Nadia Petrenko", "+12045550133", "B", "PE-TR-EN-N774MA", (49.8485, -99.9501)),
    ),
    vehicles=(
        vehicle("Bus 2", "coach", 48, "MB CAB 202", _GARAGE, pounds=49_000),
        vehicle("Bus 5", "coach", 56, "MB CAB 205", _GARAGE, "skate-rack", pounds=54_000, ada=True),
        vehicle("Bus 6", "coach", 56, "MB CAB 206", _GARAGE, "skate-rack", pounds=54_000),
    ),
)
