"""The OpenAPI document, and the pages that show the API and the error codes."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from coachway.core import errors
from coachway.core.http.response_types import FileResponse, HtmlResponse
from coachway.core.http.routing import PUBLIC, ApiRouter

SITE: Final = Path(__file__).parent / "site"
"""The files that the build adds: the document, the pages and Swagger UI's files, compressed."""

KINDS: Final = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "start.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LONG: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_SHORT: Final = {"Cache-Control": "public, max-age=300"}

Asset = Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,40}$")]

api = ApiRouter("docs", "The OpenAPI document and its documentation pages.", health=False)
app = api.app


@api.get("/openapi.json", permission=PUBLIC, media="application/json")
def get_openapi_document() -> FileResponse:
    """Get the OpenAPI document."""
    return FileResponse(
        (SITE / "openapi.json").read_bytes(), "application/json", "openapi.json", inline=True, headers=_SHORT
    )


@api.get("/docs", permission=PUBLIC, media="text/html")
def get_docs_page() -> HtmlResponse:
    """Get the API documentation page."""
    return HtmlResponse((SITE / "page.html").read_text(), policy=_POLICY, headers=_SHORT)


@api.get("/docs/errors", permission=PUBLIC, media="text/html")
def get_error_page() -> HtmlResponse:
    """Get the error code page."""
    return HtmlResponse((SITE / "errors.html").read_text(), headers=_SHORT)


@api.get("/docs/{asset}", permission=PUBLIC, media="text/css, text/javascript, image/png")
def get_docs_asset(asset: Asset) -> FileResponse:
    """Get a documentation asset."""
    if asset not in KINDS:
        raise errors.NotFound("The file was not found.")
    content = (SITE / f"{asset}.gz").read_bytes()
    return FileResponse(content, KINDS[asset], asset, inline=True, headers={**_LONG, "Content-Encoding": "gzip"})
