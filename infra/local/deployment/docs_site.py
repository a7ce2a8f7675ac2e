"""The files that the function `docs` serves: the OpenAPI document, its page, and Swagger UI from the same origin.

Swagger UI's files come from the package drf-spectacular-sidecar, which is used for nothing else.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import Final

from infra.local import console
from infra.local.stack_config import ROOT

SWAGGER_FILES: Final = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
OPENAPI: Final = ROOT / "docs" / "openapi.json"
PAGE: Final = ROOT / "functions" / "docs"
"""The directory of the pages and `start.js`."""
PAGES: Final = ("page.html", "errors.html")


@cache
def _swagger_directory() -> Path:
    spec = importlib.util.find_spec("drf_spectacular_sidecar")
    if spec is None or spec.origin is None:
        raise console.CommandError("Swagger UI is not installed", "run: make up")
    return Path(spec.origin).parent / "static" / "drf_spectacular_sidecar" / "swagger-ui-dist"


def _assets() -> dict[str, bytes]:
    return {
        **{name: (_swagger_directory() / name).read_bytes() for name in SWAGGER_FILES},
        "start.js": (PAGE / "start.js").read_bytes(),
    }


def asset_version() -> str:
    """A short version that changes with every file that browsers cache."""
    return hashlib.sha256(b"".join(_assets().values())).hexdigest()[:12]


def site_digest() -> str:
    """A digest of the whole site."""
    pages = [(PAGE / name).read_bytes() for name in PAGES]
    content = [OPENAPI.read_bytes(), *pages, asset_version().encode()]
    return hashlib.sha256(b"".join(content)).hexdigest()[:16]


def write_site(directory: Path) -> None:
    """Write the site's files into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "openapi.json").write_bytes(OPENAPI.read_bytes())
    for name in PAGES:
        (directory / name).write_text((PAGE / name).read_text().replace("VERSION", asset_version()))
    for name, content in _assets().items():
        (directory / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
