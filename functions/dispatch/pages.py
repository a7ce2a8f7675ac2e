"""Pages of a trip under way: for those who wait for it, and for its driver."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.core import pages
from coachway.core.answers import File, Html
from coachway.core.http import ANYONE, Api
from coachway.dispatch import driver_page as driver
from coachway.dispatch import track_page as track

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")]

api = Api(
    "dispatch", "Who drives which trip in which vehicle, and where they are.", health=False, refusal=pages.refusal
)
app = api.app


@api.get("/pages/track/{track_token}", needs=ANYONE, media="text/html", base="")
def track_page(track_token: Token) -> Html:
    """The page of a live link: where the vehicles are on a map of their own, and when they come.

    Phone first. It looks again by itself; without script it reloads. There is no position before the driver checks in,
    and none from the last drop-off on.
    """
    return track.show(track_token)


@api.get("/pages/driver", needs=ANYONE, media="text/html", base="")
def driver_page() -> Html:
    """The page on which a driver works: trips, duty, position.

    Phone first. It opens without network once it was seen, and keeps what the driver does until it can be sent.
    """
    return driver.page()


@api.get("/pages/driver-worker.js", needs=ANYONE, media="text/javascript", base="")
def driver_worker() -> File:
    """The service worker that keeps the drivers' page on their phones."""
    return driver.worker()
