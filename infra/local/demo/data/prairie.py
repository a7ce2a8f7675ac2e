"""Prairie Lines, of Winnipeg: a smaller house with other terms, in another currency and another zone."""

from __future__ import annotations

from calendar import THURSDAY
from typing import Final

from infra.local.demo.data import places as at
from infra.local.demo.fleet_scenario import Given, driver, vehicle
from infra.local.demo.scenario import (
    COMPLETED,
    SENT,
    STARTED,
    Call,
    Story,
    Trip,
    accepted,
    billed_at,
    by_phone,
    client,
    confirmed,
    contact,
)

_GARAGE: Final = (49.9139, -97.1900)

STORY: Final = Story(
    zone="America/Winnipeg",
    terms={
        "timezone": "America/Winnipeg",
        "currency": "CAD",
        "tax_rate_percent": 12,
        "minimum_charge": 400,
        "number_prefixes": {"charter": "PL"},
        "branding": {"color": "#b3261e", "email": "hello@prairie.example", "phone": "+12045550110"},
    },
    rules=(
        {"name": "Base", "rule_type": "base_rate", "amount": 420},
        {"name": "Mile", "rule_type": "mileage_rate", "amount": 3.1},
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
            billed_at("123 Main St", "Winnipeg", "MB", "R3C 1A3", "CA"),
            contact("Amélie Roy", "booking", "amelie.roy@forksconferences.example"),
        ),
        client(
            *("Assiniboine School Division", "government", "trips@assiniboine.example", "+12045550125"),
            *("net_45", 18000),
            billed_at("410 9th St", "Brandon", "MB", "R7A 6A2", "CA"),
            contact("Gordon Pike", "booking", "gordon.pike@assiniboine.example"),
        ),
        client(
            *("Selkirk Skating Club", "personal", "ice@selkirkskating.example", "+12045550129"),
            *("due_on_receipt", 0),
            billed_at("1 Centre St", "Gimli", "MB", "R0C 1B0", "CA"),
        ),
    ),
    trips=(
        Trip(
            "Opening night at the museum.",
            *("Forks Conferences", -2, "one_way"),
            (Call(at.WINNIPEG_AIRPORT, leaves="17:00"), Call(at.HUMAN_RIGHTS, "17:30")),
            *(7, 40),
            life=(by_phone("Amélie Roy"), confirmed("Bus 2"), STARTED, COMPLETED),
        ),
        Trip(
            "Speakers see the lake.",
            *("Forks Conferences", 2, "round_trip"),
            (
                Call(at.WINNIPEG_STATION, leaves="09:00"),
                Call(at.GIMLI, "10:15", "14:30"),
                Call(at.WINNIPEG_STATION, "15:45"),
            ),
            *(114, 35),
            life=(SENT, accepted("Amélie Roy")),
            given=(Given(until="accepted"),),
        ),
        Trip(
            "Grade ten visits the legislature, a time zone away.",
            *("Assiniboine School Division", 5, "multi_day"),
            (
                Call(at.BRANDON, leaves="08:00"),
                Call(at.REGINA, "12:30", "+1 13:00"),
                Call(at.BRANDON, "+1 18:30"),
            ),
            *(460, 46),
            weekday=THURSDAY,
            life=(SENT, accepted("Gordon Pike")),
        ),
        Trip(
            "Regional meet, with all the gear.",
            *("Selkirk Skating Club", 7, "round_trip"),
            (
                Call(at.GIMLI, leaves="07:00"),
                Call(at.BRANDON, "10:45", "16:30"),
                Call(at.GIMLI, "20:15"),
            ),
            *(378, 48),
            more={"amenities": ["skate-rack"]},
            life=(SENT,),
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
