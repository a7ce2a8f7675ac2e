"""HTML pages: the tracking page and the driver page."""

from coachway.core.auth.signed_links import Token
from coachway.core.http.response_types import FileResponse, HtmlResponse
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.dispatch.duty import driver_page as driver
from coachway.dispatch.tracking import tracking_links
from coachway.dispatch.tracking_page import page as track
from coachway.identity.link_error_pages import build_error_page

api = ApiRouter(
    "dispatch",
    "Assignments of drivers and vehicles, duty, positions, calendars and recoveries.",
    health=False,
    error_page=build_error_page(tracking_links.PURPOSE),
)
app = api.app


@api.get("/pages/track/{track_token}", permission=PUBLIC, media="text/html", base="")
def get_track_page(track_token: Token) -> HtmlResponse:
    """Show the tracking page of a charter.

    Shows a map of the vehicles and their estimated arrival times, by a tracking link. The page refreshes itself;
    without JavaScript it reloads. Positions are shown from check-in until the last drop-off.
    """
    return track.render_page(track_token)


@api.get("/pages/driver", permission=PUBLIC, media="text/html", base="")
def get_driver_page() -> HtmlResponse:
    """Show the driver page.

    Drivers answer offers, check in and out, and share their position. The page works offline after the first visit:
    actions are stored on the phone until they can be sent.
    """
    return driver.render_page()


@api.get("/pages/driver-worker.js", permission=PUBLIC, media="text/javascript", base="")
def get_driver_worker() -> FileResponse:
    """Get the service worker that caches the driver page."""
    return driver.render_worker()
