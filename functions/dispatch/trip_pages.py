"""Pages of a trip under way: for those who wait for it, and for its driver."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.core.documents import html
from coachway.core.http.response_types import FileResponse, HtmlResponse
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.dispatch.duty import driver_page as driver
from coachway.dispatch.live_page import page as track

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")]

api = ApiRouter(
    "dispatch", "Who drives which trip in which vehicle, and where they are.", health=False, error_page=html.error_page
)
app = api.app


@api.get("/pages/track/{track_token}", permission=PUBLIC, media="text/html", base="")
def get_track_page(track_token: Token) -> HtmlResponse:
    """The page of a live link: where the vehicles are on a map of their own, and when they come.

    Phone first. It looks again by itself; without script it reloads. There is no position before the driver checks in,
    and none from the last drop-off on.
    """
    return track.render_page(track_token)


@api.get("/pages/driver", permission=PUBLIC, media="text/html", base="")
def get_driver_page() -> HtmlResponse:
    """The page on which a driver works: trips, duty, position.

    Phone first. It opens without network once it was seen, and keeps what the driver does until it can be sent.
    """
    return driver.render_page()


@api.get("/pages/driver-worker.js", permission=PUBLIC, media="text/javascript", base="")
def get_driver_worker() -> FileResponse:
    """The service worker that keeps the drivers' page on their phones."""
    return driver.render_worker()
