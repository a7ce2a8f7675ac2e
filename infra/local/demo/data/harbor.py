"""Harbor Coach, of New York: settings, prices and clients; its trips have every status."""

from __future__ import annotations

from typing import Final

from infra.local.demo.data.harbor_fleet import DOWNTIMES, DRIVERS, VEHICLES
from infra.local.demo.data.harbor_leads import AGENTS, LEADS
from infra.local.demo.data.harbor_proposals import PROPOSALS
from infra.local.demo.data.harbor_trips import TRIPS
from infra.local.demo.data.harbor_vendors import VENDORS
from infra.local.demo.scenario import Scenario, billing_address, client, contact

_WEEKEND: Final = ["saturday", "sunday"]

SCENARIO: Final = Scenario(
    zone="America/New_York",
    settings={
        "fuel_surcharge_per_mile": 0.01,
        # The 60-hour limit applies to carriers that do not operate every day. Drivers have seven days of recorded work,
        # so that trips that started yesterday can be checked as well.
        "hours_policy": {"ruleset": "us_passenger", "daily_carrier": False},
        "cancellation_policy": {
            "tiers": [{"hours": 168, "percent": 100}, {"hours": 72, "percent": 75}, {"hours": 24, "percent": 50}]
        },
        "terms": (
            "The price includes the driver, fuel and tolls. Overtime is billed per started half hour.\n\n"
            "Parking, and the room of the driver on trips of several days, are paid by the client."
        ),
        "bank_details": "Harbor Coach LLC\nFirst Hudson Bank\nRouting 021000021, account 000123456789",
        "branding": {
            "color": "#0b5fff",
            "email": "hello@harbor.example",
            "phone": "+12125550100",
            "address": "640 W 28th St, New York, NY 10001",
        },
    },
    rules=(
        {"name": "Coach base", "rule_type": "base_rate", "amount": 350, "priority": 10},
        {"name": "Per mile", "rule_type": "mileage_rate", "amount": 2.5},
        {"name": "Deadhead mile", "rule_type": "mileage_rate", "deadhead": True, "amount": 1.5},
        {"name": "Minibus base", "rule_type": "base_rate", "vehicle_class": "minibus", "amount": 240, "priority": 10},
        {"name": "Minibus mile", "rule_type": "mileage_rate", "vehicle_class": "minibus", "amount": 1.85},
        {"name": "Minibus hour", "rule_type": "hourly_rate", "vehicle_class": "minibus", "amount": 45},
        {"name": "Weekend", "rule_type": "time_multiplier", "percent": 25, "weekdays": _WEEKEND},
        {
            "name": "Summer",
            "rule_type": "seasonal",
            "percent": 10,
            "season_start": "06-15",
            "season_end": "09-05",
        },
        {
            "name": "Holidays",
            "rule_type": "seasonal",
            "percent": 15,
            "season_start": "12-18",
            "season_end": "01-02",
        },
        {
            "name": "Bellweather's mile",
            "description": "Agreed for a year of at least thirty trips.",
            "rule_type": "client_specific",
            "client_id": "Bellweather Capital",
            "vehicle_class": "coach",
            "replaces": "mileage_rate",
            "amount": 2.2,
        },
        {
            "name": "Schools",
            "rule_type": "client_specific",
            "client_id": "Kingsbridge School District",
            "percent": -5,
        },
        {"name": "Second driver", "rule_type": "flat_fee", "fee": "second_driver", "amount": 325, "per_day": True},
        {"name": "Night away", "rule_type": "flat_fee", "fee": "overnight", "amount": 180},
        {"name": "Extra stop", "rule_type": "flat_fee", "fee": "extra_stop", "amount": 25},
        {"name": "Certificate of insurance", "rule_type": "flat_fee", "fee": "coi", "amount": 50},
    ),
    amenities=(
        {"code": "wi-fi", "name": "Wi-Fi on board", "amount": 50},
        {"code": "cooler", "name": "Cooler with ice and water", "amount": 35},
        {"code": "pa-system", "name": "Microphone for a guide", "amount": 20},
        {"code": "red-carpet", "name": "Red carpet at the door", "amount": 90},
    ),
    promo_codes=(
        {
            "code": "NEIGHBOR10",
            "description": "For families of the five boroughs.",
            "percent": 10,
            "max_uses": 50,
            "minimum_amount": 300,
        },
    ),
    clients=(
        client(
            *("Bellweather Capital", "corporate", "travel@bellweather.example", "+12125550141", "net_30", 25000),
            billing_address("28 Liberty St", "New York", "NY", "10005"),
            contact("Priya Raman", "booking", "priya.raman@bellweather.example"),
            contact("Tom Adler", "billing", "tom.adler@bellweather.example"),
        ),
        client(
            *("Lumen Theatre Group", "corporate", "groups@lumentheatre.example", "+12125550145", "net_15", 8000),
            billing_address("234 W 44th St", "New York", "NY", "10036"),
            contact("Jonah Feld", "booking", "jonah@lumentheatre.example"),
        ),
        client(
            *("Hudson & Vale Weddings", "corporate", "hello@hudsonvale.example", "+12125550149", "net_15", 6000),
            billing_address("89 E 42nd St", "New York", "NY", "10017"),
            contact("Imogen Vale", "booking", "imogen@hudsonvale.example"),
        ),
        client(
            *("Morningside College", "corporate", "travel@morningside.example", "+12125550153", "net_30", 15000),
            billing_address("2960 Broadway", "New York", "NY", "10027"),
            contact("Ada Nwosu", "on_site", "ada.nwosu@morningside.example"),
        ),
        client(
            *("Kingsbridge School District", "government", "buses@kingsbridge.example", "+17185550157"),
            *("net_45", 40000),
            billing_address("2780 Reservoir Ave", "Bronx", "NY", "10468"),
            contact("Ruth Castellano", "booking", "ruth.castellano@kingsbridge.example"),
            contact("Neil Abara", "billing", "neil.abara@kingsbridge.example"),
        ),
        client(
            *("Borough of Marlow", "government", "recreation@marlow.example", "+19735550161", "net_60", 20000),
            billing_address("205 Claremont Ave", "Montclair", "NJ", "07042"),
            contact("Walt Jennings", "booking", "walt.jennings@marlow.example"),
        ),
        client(
            *("Chidi Okonkwo", "personal", "chidi.okonkwo@post.example", "+17185550165", "due_on_receipt", 0),
            billing_address("450 Flatbush Ave", "Brooklyn", "NY", "11225"),
        ),
        client(
            *("Rosa Delgado", "personal", "rosa.delgado@post.example", "+17185550169", "due_on_receipt", 0),
            billing_address("47-01 111th St", "Corona", "NY", "11368"),
        ),
    ),
    trips=TRIPS,
    drivers=DRIVERS,
    vehicles=VEHICLES,
    downtimes=DOWNTIMES,
    agents=AGENTS,
    leads=LEADS,
    proposals=PROPOSALS,
    vendors=VENDORS,
    vendor_of_user="Ridgeline Coaches",
    client_of_user="Hudson & Vale Weddings",
)
