"""The driver page: a static shell that its script fills from the API.

It can be kept by a phone and opened without network, so nothing in it is anybody's.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from coachway.core.documents import html
from coachway.core.http.response_types import FileResponse, HtmlResponse

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
_PARTS: Final = (
    "1-kept.js",
    "2-session.js",
    "3-outbox.js",
    "4-position.js",
    "5-trips.js",
    "6-log-in.js",
    "7-page.js",
)
"""One module together, in this order."""
_JAVASCRIPT: Final = "text/javascript; charset=utf-8"
_WORKER_POLICY: Final = {"Content-Security-Policy": "default-src 'none'; connect-src 'self'"}


@cache
def render_page() -> HtmlResponse:
    """The shell."""
    script = "\n".join((TEMPLATES / "driver" / part).read_text() for part in _PARTS)
    style = (TEMPLATES / "driver.css").read_text()
    drawn = html.html(
        TEMPLATES, "driver.html", brand=html.PRODUCT, more_style=style, script=script, also="worker-src 'self'"
    )
    drawn.headers = {**drawn.headers, "Cache-Control": "no-cache", "Permissions-Policy": "geolocation=(self)"}
    return drawn


@cache
def render_worker() -> FileResponse:
    """The script that keeps the shell: another one whenever the shell is."""
    version = hashlib.sha256(render_page().text.encode()).hexdigest()[:12]
    text = (TEMPLATES / "driver" / "worker.js").read_text().replace("VERSION", version)
    return FileResponse(text.encode(), _JAVASCRIPT, "driver-worker.js", inline=True, headers=_WORKER_POLICY)
