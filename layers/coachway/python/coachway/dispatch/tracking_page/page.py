"""The tracking page: `GET /track/{token}` as HTML. Mobile first; works without JavaScript."""

from pathlib import Path
from typing import Final

from coachway.bookings import charter_text
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.trip_model import Stop
from coachway.core import errors
from coachway.core.documents import html
from coachway.core.documents.formatting import Formatter
from coachway.core.http.response_types import HtmlResponse
from coachway.core.runtime import clock
from coachway.dispatch.tracking import live_positions, tracking_links
from coachway.dispatch.tracking.schemas import StopTrack
from coachway.dispatch.tracking_page import content
from coachway.identity.link_error_pages import find_link_brand
from coachway.identity.organizations.branding import build_brand

TEMPLATES: Final = Path(__file__).parents[1] / "templates"


def render_page(token: str) -> HtmlResponse:
    """Render the tracking page of a link, or a page that explains that the link is no longer valid."""
    try:
        link = tracking_links.open_link(token)
    except errors.NotFound:
        brand = find_link_brand(tracking_links.PURPOSE, token) or html.PRODUCT
        return html.render_template(TEMPLATES, "track_gone.html", brand=brand, status=404)
    charter, organization = link.charter, link.organization
    formatter = Formatter(timezone=charter.timezone, currency=organization.currency)
    track = live_positions.build_shared_track(link)
    return html.render_template(
        TEMPLATES,
        "track.html",
        brand=build_brand(organization),
        more_style=(TEMPLATES / "track.css").read_text(),
        script=(TEMPLATES / "track.js").read_text(),
        heading=f"Trip {charter.number}",
        route=charter_text.describe_route(charter.stops),
        page=content.build_page(
            charter.status,
            track.vehicles,
            _planned_stops(charter),
            formatter,
            clock.now(),
            vehicle_count=charter.vehicle_count,
        ),
        page_url=token,
    )


def _planned_stops(charter: Charter) -> list[StopTrack]:
    return [_planned_stop(stop, charter.timezone) for stop in charter.stops]


def _planned_stop(stop: Stop, zone: str) -> StopTrack:
    return StopTrack(
        stop_type=stop.stop_type,
        address=stop.address,
        latitude=stop.latitude,
        longitude=stop.longitude,
        timezone=stop.timezone or zone,
        arrival=stop.estimated_arrival,
        departure=stop.estimated_departure,
        eta=None,
        arrived_at=None,
        departed_at=None,
    )
