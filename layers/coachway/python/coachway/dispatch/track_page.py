"""The page behind a live link: `GET /track/{token}`, drawn for people. Phone first; reads without script."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from coachway.bookings import wording
from coachway.bookings.model import Charter, Stop
from coachway.bookings.wording import brand_of
from coachway.core import clock, errors, pages
from coachway.core.answers import Html
from coachway.core.wording import Wording
from coachway.dispatch import live_page, track, track_links
from coachway.dispatch.track_views import StopTrack

TEMPLATES: Final = Path(__file__).parent / "templates"


def show(token: str) -> Html:
    """The page of a live link; of one that was not made here, has expired or is void, a page that says so."""
    try:
        found = track_links.opened(token)
    except errors.Missing:
        return pages.html(TEMPLATES, "track_gone.html", brand=pages.PRODUCT, status=404)
    charter, organization = found.charter, found.organization
    words = Wording(timezone=charter.timezone, currency=organization.currency)
    seen = track.shared(found)
    return pages.html(
        TEMPLATES,
        "track.html",
        brand=brand_of(organization),
        more_style=(TEMPLATES / "track.css").read_text(),
        script=(TEMPLATES / "track.js").read_text(),
        heading=f"Trip {charter.number}",
        route=wording.route(charter.stops),
        live=live_page.page(
            charter.status, seen.vehicles, _planned(charter), words, clock.now(), of_all=charter.vehicle_count
        ),
        here=token,
    )


def _planned(charter: Charter) -> list[StopTrack]:
    return [_as_planned(stop, charter.timezone) for stop in charter.stops]


def _as_planned(stop: Stop, zone: str) -> StopTrack:
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
