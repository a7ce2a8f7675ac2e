"""Vendors of Harbor Coach."""

from __future__ import annotations

from typing import Final

from infra.local.demo.data import places as at
from infra.local.demo.scenario import Vendor, vendor

VENDORS: Final[tuple[Vendor, ...]] = (
    vendor(
        *("Ridgeline Coaches", "fleet_operator", "Victor Maas", "victor@ridgeline.example", at.HACKENSACK),
        *("coach", "minibus"),
        vehicles=14,
        seats=56,
        states="NY NJ CT",
        preferred=True,
        ada=True,
    ),
    vendor(
        *("Palisade Motor Lines", "fleet_operator", "Dolores Quint", "dispatch@palisade.example", at.FORT_LEE),
        "coach",
        vehicles=6,
        seats=54,
        states="NY NJ",
    ),
    vendor(
        *("Empire Valley Charters", "owner_operator", "Ike Sorensen", "ike@empirevalley.example", at.NEWBURGH),
        "coach",
        vehicles=1,
        seats=50,
        states="NY",
    ),
    vendor(
        *("Saw Mill Minibuses", "fleet_operator", "Bea Castellan", "bea@sawmill.example", at.YONKERS),
        "minibus",
        vehicles=9,
        seats=28,
        states="NY",
        expiring_document="insurance_certificate",
    ),
    vendor(
        *("Sound Shore Brokers", "broker", "Lyle Pruitt", "lyle@soundshore.example", at.STAMFORD),
        *("coach", "minibus"),
        vehicles=0,
        seats=56,
        states="CT NY",
        is_applicant=True,
    ),
)
