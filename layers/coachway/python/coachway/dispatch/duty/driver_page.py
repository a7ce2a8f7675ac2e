"""The driver page: a static page that its script fills from the API.

Phones cache the page and open it offline, so it contains no personal data.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from coachway.core.documents import html
from coachway.core.http.response_types import FileResponse, HtmlResponse

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
_PARTS: Final = (
    "1-storage.js",
    "2-session.js",
    "3-outbox.js",
    "4-geolocation.js",
    "5-trip-cards.js",
    "6-login.js",
    "7-page.js",
)
"""Concatenated to one module, in this order."""
_JAVASCRIPT: Final = "text/javascript; charset=utf-8"
_WORKER_POLICY: Final = {"Content-Security-Policy": "default-src 'none'; connect-src 'self'"}


@cache
def render_page() -> HtmlResponse:
    """Render the page, which is the same for every driver."""
    script = "\n".join((TEMPLATES / "driver" / part).read_text() for part in _PARTS)
    style = (TEMPLATES / "driver.css").read_text()
    response = html.render_template(
        TEMPLATES, "driver.html", brand=html.PRODUCT, more_style=style, script=script, extra_policy="worker-src 'self'"
    )
    response.headers = {**response.headers, "Cache-Control": "no-cache", "Permissions-Policy": "geolocation=(self)"}
    return response


@cache
def render_worker() -> FileResponse:
    """Render the service worker that caches the page. Its version changes whenever the page changes."""
    version = hashlib.sha256(render_page().text.encode()).hexdigest()[:12]
    text = (TEMPLATES / "driver" / "service-worker.js").read_text().replace("VERSION", version)
    return FileResponse(text.encode(), _JAVASCRIPT, "driver-worker.js", inline=True, headers=_WORKER_POLICY)
