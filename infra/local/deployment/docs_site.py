"""What the function `docs` serves: the API's document, its page, and Swagger UI's files; nothing comes from elsewhere.

Swagger UI comes with the package drf-spectacular-sidecar, which is only the carrier of its files.
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

SWAGGER: Final = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
DOCUMENT: Final = ROOT / "docs" / "openapi.json"
PAGE: Final = ROOT / "functions" / "docs"
"""Where the pages and `start.js` are."""
PAGES: Final = ("page.html", "errors.html")


@cache
def _swagger() -> Path:
    found = importlib.util.find_spec("drf_spectacular_sidecar")
    if found is None or found.origin is None:
        raise console.Failed("Swagger UI's files are not installed", "run: make up")
    return Path(found.origin).parent / "static" / "drf_spectacular_sidecar" / "swagger-ui-dist"


def _assets() -> dict[str, bytes]:
    return {
        **{name: (_swagger() / name).read_bytes() for name in SWAGGER},
        "start.js": (PAGE / "start.js").read_bytes(),
    }


def version() -> str:
    """Short, and another one whenever a file that browsers keep has changed."""
    return hashlib.sha256(b"".join(_assets().values())).hexdigest()[:12]


def digest() -> str:
    """Names all that goes into the site."""
    parts = (DOCUMENT.read_bytes(), *((PAGE / name).read_bytes() for name in PAGES), version().encode())
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def place(directory: Path) -> None:
    """Write the site's files into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "openapi.json").write_bytes(DOCUMENT.read_bytes())
    for name in PAGES:
        (directory / name).write_text((PAGE / name).read_text().replace("VERSION", version()))
    for name, content in _assets().items():
        (directory / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
