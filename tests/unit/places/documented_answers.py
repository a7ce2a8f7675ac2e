"""Answers of Amazon Location Service v2, as its developer guide shows them, shortened.

https://docs.aws.amazon.com/location/latest/developerguide/how-to-geocode.html and the API reference of CalculateRoutes.
"""

from __future__ import annotations

from typing import Any, Final

BRUSSELS: Final[dict[str, Any]] = {
    "ResultItems": [
        {
            "PlaceId": "redacted",
            "PlaceType": "Locality",
            "Title": "Brussel, België",
            "Address": {
                "Label": "Brussel, België",
                "Country": {"Code2": "BE", "Code3": "BEL", "Name": "België"},
                "Region": {"Code": "BRU", "Name": "Brussel"},
                "SubRegion": {"Name": "Brussel"},
                "Locality": "Brussel",
                "PostalCode": "1000",
            },
            "Position": [4.35609, 50.84439],
            "MapView": [4.3139, 50.79628, 4.43709, 50.91397],
            "TimeZone": {"Name": "Europe/Brussels", "Offset": "+02:00", "OffsetSeconds": 7200},
            "MatchScores": {"Overall": 1, "Components": {"Address": {"Locality": 1}}},
        }
    ]
}
COFFEE_SHOP: Final[dict[str, Any]] = {
    "ResultItems": [
        {
            "PlaceId": "redacted",
            "PlaceType": "PointOfInterest",
            "Title": "STARBUCKS",
            "Address": {
                "Label": "STARBUCKS, 1099 Robson St, Vancouver, BC V6E 1A9, Canada",
                "Country": {"Code2": "CA", "Code3": "CAN", "Name": "Canada"},
                "Region": {"Code": "BC", "Name": "British Columbia"},
                "Locality": "Vancouver",
                "District": "West End",
                "PostalCode": "V6E 1A9",
                "Street": "Robson St",
                "StreetComponents": [
                    {
                        "BaseName": "Robson",
                        "Type": "St",
                        "TypePlacement": "AfterBaseName",
                        "TypeSeparator": " ",
                        "Language": "en",
                    }
                ],
                "AddressNumber": "1099",
            },
            "Position": [-123.12454, 49.28462],
            "Categories": [
                {"Id": "coffee_shop", "Name": "Coffee Shop", "LocalizedName": "Coffee Shop", "Primary": True}
            ],
            "AccessPoints": [{"Position": [-123.12463, 49.28447]}],
            "MatchScores": {"Overall": 1, "Components": {"Title": 1, "Address": {"Locality": 1}}},
        }
    ]
}
NOTHING: Final[dict[str, Any]] = {"ResultItems": []}
SUGGESTIONS: Final[dict[str, Any]] = {
    "ResultItems": [
        {
            "Title": "Boston, MA, United States",
            "SuggestResultItemType": "Place",
            "Place": {
                "PlaceId": "redacted",
                "PlaceType": "Locality",
                "Address": {"Label": "Boston, MA, United States", "Locality": "Boston"},
                "Position": [-71.05675, 42.35866],
                "TimeZone": {"Name": "America/New_York", "Offset": "-05:00", "OffsetSeconds": -18000},
            },
            "Highlights": {"Title": [{"StartIndex": 0, "EndIndex": 4, "Value": "Bost"}]},
        },
        {
            "Title": "Boston Coach",
            "SuggestResultItemType": "Query",
            "Query": {"QueryId": "redacted", "QueryType": "BusinessChain"},
        },
    ],
    "QueryRefinements": [],
}


def _leg(kind: str, meters: int, seconds: int, waypoint: int | None = None) -> dict[str, Any]:
    place: dict[str, Any] = {"OriginalPosition": [-70.6, 41.5], "Position": [-70.6, 41.5]}
    arrival = place if waypoint is None else {**place, "WaypointIndex": waypoint}
    lists = ("AfterTravelSteps", "Notices", "PassThroughWaypoints", "Spans", "TravelSteps")
    road_lists = ("Incidents", "Tolls", "TollSystems", "TruckRoadTypes", "Zones") if kind == "Vehicle" else ()
    overview = {"Distance": meters, "Duration": seconds}
    details = {
        **{name: [] for name in (*lists, *(("BeforeTravelSteps",) if kind == "Ferry" else road_lists))},
        "Departure": {"Place": place},
        "Arrival": {"Place": arrival},
        "Summary": {"Overview": overview, "TravelOnly": {"Duration": seconds}},
    }
    mode = "Truck" if kind == "Vehicle" else "Ferry"
    return {"Type": kind, "TravelMode": mode, "Geometry": {"Polyline": "BFoz5xJ67i1B"}, f"{kind}LegDetails": details}


FERRY_POSITIONS: Final = ((42.3600, -71.0600), (41.3890, -70.5130), (41.4550, -70.6030))
"""Boston, Edgartown on Martha's Vineyard, and Vineyard Haven."""
FERRY_ROUTE: Final[dict[str, Any]] = {
    "LegGeometryFormat": "FlexiblePolyline",
    "Notices": [],
    "Routes": [
        {
            "Legs": [
                _leg("Vehicle", 119_000, 5_700),
                _leg("Ferry", 8_000, 2_700),
                _leg("Vehicle", 12_000, 1_100, waypoint=0),
                _leg("Vehicle", 13_000, 1_200),
            ],
            "MajorRoadLabels": [],
            "Summary": {"Distance": 152_000, "Duration": 10_700},
        }
    ],
}
"""Two legs between three stops, the first in three parts."""
NO_ROUTE: Final[dict[str, Any]] = {"LegGeometryFormat": "FlexiblePolyline", "Notices": [], "Routes": []}
