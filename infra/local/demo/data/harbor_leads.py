"""The sales team of Harbor Coach, and its leads in every stage."""

from __future__ import annotations

from typing import Any, Final

from infra.local.demo.lead_scenario import AgentPlan, LeadPlan


def _person(first_name: str, last_name: str, email: str, phone: str, source: str, **trip: Any) -> dict[str, Any]:
    return {"first_name": first_name, "last_name": last_name, "email": email, "phone": phone, "source": source, **trip}


AGENTS: Final = (
    AgentPlan("marta@harbor.example", {"weight": 1, "max_leads_per_day": 10}),
    AgentPlan("sam@harbor.example", {"weight": 2}),
)

LEADS: Final = (
    LeadPlan(
        _person(
            "Noor",
            "Haddad",
            "noor@riverside-wedding.example",
            "+12125550181",
            "web",
            estimated_passengers=52,
            pickup_location="The Plaza, 768 5th Ave, New York, NY 10019",
            dropoff_location="Liberty House, 76 Audrey Zapp Dr, Jersey City, NJ 07305",
            trip_details="Wedding guests, there in the afternoon and back after midnight.",
        ),
        days=40,
    ),
    LeadPlan(
        _person("Theo", "Brandt", "theo@midtown-runners.example", "+12125550182", "email", estimated_passengers=22)
    ),
    LeadPlan(
        _person(
            "Grace",
            "Adeyemi",
            "grace@stmarks-school.example",
            "+19145550183",
            "phone",
            company="St. Mark's School",
            estimated_passengers=96,
            pickup_location="St. Mark's School, White Plains, NY",
            dropoff_location="American Museum of Natural History, New York, NY",
            trip_details="Two classes and eight adults. One wheelchair.",
        ),
        days=55,
        stages=("contacted",),
        calls=("Asked for the exact number of students. She calls back on Friday.",),
    ),
    LeadPlan(
        _person(
            "Luca",
            "Moretti",
            "luca@moretti-wine.example",
            "+12015550184",
            "referral",
            company="Moretti Wine Tours",
            estimated_passengers=24,
            pickup_location="Hoboken Terminal, Hoboken, NJ",
            dropoff_location="North Fork, Long Island, NY",
            trip_details="A wine tour every second Saturday, from May to October.",
        ),
        days=80,
        stages=("contacted", "qualified"),
        calls=("Wants a price for twelve dates.", "Budget confirmed, decides himself."),
    ),
    LeadPlan(
        _person(
            "Ines",
            "Carvalho",
            "ines@atlas-summit.example",
            "+16465550185",
            "partner",
            company="Atlas Summit",
            estimated_passengers=160,
            pickup_location="JFK Airport, Queens, NY",
            dropoff_location="Javits Center, New York, NY",
            trip_details="Airport shuttles for a conference, three days.",
        ),
        days=30,
        stages=("contacted", "qualified", "negotiating"),
        calls=("Compares us with two others. Price per day matters most.",),
    ),
    LeadPlan(
        _person("Owen", "Pratt", "owen@pratt-reunion.example", "+15185550186", "walk_in", estimated_passengers=38),
        days=12,
        stages=("contacted", "dead"),
        lost_reason="cancelled_event",
        calls=("The reunion does not take place.",),
    ),
    LeadPlan(
        _person("Hana", "Sato", "hana@sato-design.example", "+12125550187", "web", estimated_passengers=14),
        days=9,
        stages=("dead",),
        lost_reason="price",
    ),
)
