"""A charter by addresses alone, from the quote to the trip sheet, with the sandbox of the map service."""

from __future__ import annotations

from typing import Any

import pytest

from tests import dates
from tests.stack import Stack
from tests.workflows.dispatch_builders import DispatchOrganization

pytestmark = pytest.mark.xdist_group("journey")


@pytest.fixture(scope="module")
def dispatch(stack: Stack) -> DispatchOrganization:
    return DispatchOrganization(stack)


def quote_by_address(dispatch: DispatchOrganization, *addresses: str) -> Any:
    """Create a charter without coordinates, time zones and miles."""
    body = dispatch.operator.charter_body()
    del body["miles"]
    body["stops"] = [{"address": address} for address in addresses]
    body["stops"][0]["estimated_departure"] = dates.at("09:00", dates.trip_day(0))
    return dispatch.call("POST", "/charters", body)


def test_charter_by_addresses_alone_has_everything_down_to_the_trip_sheet(dispatch: DispatchOrganization) -> None:
    charter = quote_by_address(dispatch, "233 N Michigan Ave, Chicago, IL 60601", "100 Main St, Gary, IN 46402")
    assert charter["timezone"] == "America/Chicago"
    assert all(stop["latitude"] and stop["geocoded_address"] for stop in charter["stops"])
    assert len(charter["road_legs"]) == 1
    assert 25 < charter["miles"] < 45
    assert charter["quote"]["total"] > 350 + 2.5 * 25
    assert charter["quote"]["warnings"] == []
    dispatch.call("POST", f"/charters/{charter['id']}/status", {"status": "booked", "accepted_by": "Dana Lee"})
    driver, vehicle = dispatch.create_driver(), dispatch.create_vehicle("Coach 21")
    body = {"charter_id": charter["id"], "driver_id": driver["id"], "vehicle_id": vehicle}
    assignment = dispatch.call("POST", "/dispatch/assignments", body)
    assert [stop["latitude"] for stop in assignment["stops"]] == [stop["latitude"] for stop in charter["stops"]]
    sheet = dispatch.send("GET", f"/dispatch/assignments/{assignment['id']}/trip-sheet.pdf")
    assert (sheet.status_code, sheet.content[:4]) == (200, b"%PDF")


def test_charter_is_quoted_with_a_warning_while_the_map_service_fails(dispatch: DispatchOrganization) -> None:
    charter = quote_by_address(dispatch, "11 Wall St, New York, NY 10005", "1 Sandbox Error St, Boston, MA 02115")
    codes = [warning["code"] for warning in charter["quote"]["warnings"]]
    assert codes == ["places_unavailable", "miles_unknown"]
    refused = dispatch.send("POST", f"/charters/{charter['id']}/send-quote", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "quote_incomplete")
    dispatch.call("PUT", f"/charters/{charter['id']}", {"miles": 215})
    sent = dispatch.call("POST", f"/charters/{charter['id']}/send-quote", {})
    assert sent["token"]
