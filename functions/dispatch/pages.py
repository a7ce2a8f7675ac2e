"""Pages of a trip under way: for those who wait for it, and for its driver."""

from __future__ import annotations

from coachway.core import pages
from coachway.core.answers import File, Html
from coachway.core.http import ANYONE, Api
from coachway.dispatch import driver_page as driver

api = Api("dispatch", "Assignments, and trips under way.", health=False, refusal=pages.refusal)
app = api.app


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
