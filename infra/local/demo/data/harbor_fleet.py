"""Drivers and vehicles of Harbor Coach and of one vendor."""

from __future__ import annotations

from typing import Final

from infra.local.demo.fleet_scenario import Downtime, Driver, Vehicle, driver, vehicle

_GARAGE: Final = (40.7515, -74.0060)
_RIDGELINE: Final = "Ridgeline Coaches"

DRIVERS: Final[tuple[Driver, ...]] = (
    driver("Lena Brandt", "+12125550171", "B", "NY 481 270 113", (40.7336, -74.0027), email="lena@harbor.example"),
    driver("Emil Sand", "+12125550172", "A", "NY 502 118 946", (40.7282, -73.7949)),
    driver("Tova Lindqvist", "+12125550173", "B", "NY 377 904 215", (40.8448, -73.8648)),
    driver("Marcus Bell", "+12015550174", "B", "B4410 22873 09912", (40.7282, -74.0776)),
    driver("Yusuf Demir", "+12015550175", "B", "D1180 57713 04562", (40.7440, -74.0324)),
    driver(
        "Grace Okafor",
        "+17185550176",
        "B",
        "NY 640 331 508",
        (40.6782, -73.9442),
        expiring_document="medical_certificate",
    ),
    driver("Iris Navarro", "+17185550177", "C", "NY 719 225 660", (40.7498, -73.8614)),
    driver(
        "Henry Cho", "+12125550178", "B", "NY 233 870 401", (40.8116, -73.9465), missing_document="medical_certificate"
    ),
    driver("Otis Maddox", "+12015550179", "B", "M0142 61108 05671", (40.8859, -74.0435), vendor=_RIDGELINE),
)
VEHICLES: Final[tuple[Vehicle, ...]] = (
    vehicle("Coach 4", "coach", 56, "NY 24 118 BU", _GARAGE, "wi-fi", "pa-system", pounds=54_000),
    vehicle("Coach 7", "coach", 56, "NY 24 121 BU", _GARAGE, "wi-fi", pounds=54_000, status="maintenance"),
    vehicle("Coach 9", "coach", 54, "NY 24 123 BU", _GARAGE, "wi-fi", "cooler", "pa-system", pounds=52_500),
    vehicle("Coach 12", "coach", 56, "NY 24 126 BU", _GARAGE, "wi-fi", "cooler", "pa-system", pounds=54_000, ada=True),
    vehicle("Minibus 1", "minibus", 28, "NY 31 407 BU", _GARAGE, pounds=19_500),
    vehicle("Minibus 2", "minibus", 28, "NY 31 408 BU", _GARAGE, "red-carpet", pounds=19_500),
    vehicle("Minibus 3", "minibus", 32, "NY 31 409 BU", _GARAGE, "red-carpet", "cooler", pounds=25_999, ada=True),
    vehicle("Minibus 4", "minibus", 24, "NY 31 410 BU", _GARAGE, pounds=19_500),
    vehicle("Ridgeline 21", "coach", 56, "NJ OBX 21C", (40.9010, -74.0330), pounds=54_000, vendor=_RIDGELINE),
)

DOWNTIMES: Final[tuple[Downtime, ...]] = (
    Downtime("Minibus 4", 75, 77, note="Yearly inspection of the brakes"),
    Downtime("Coach 9", 78, 82, "repair", "New gearbox, at the dealer"),
)
