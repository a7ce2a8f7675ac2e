"""Pages for people: drawn on the server, phone first, without script where they can, in the organization's colour.

A capability keeps its templates beside its code and extends `page.html`. Jinja is in the layer `documents`.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from coachway.core.documents.branding import Brand
from coachway.core.documents.formatting import telephone
from coachway.core.http.response_types import HtmlResponse
from coachway.core.problem_details import Problem

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
PRODUCT: Final = Brand("CoachWay")

_FORM: Final = ("Something in the form was not right", "Go back, reload the page and try again.")
_SAID: Final = {
    404: (
        "This link does not work",
        "It may be cut short, too old, used or replaced. Use the one in our latest message, or ask us for another.",
    ),
    409: ("That is not possible any more", ""),
    **dict.fromkeys((400, 413, 415, 422), _FORM),
    429: ("Too many tries", "Wait a minute, then try again."),
}
_OURS: Final = ("Something went wrong on our side", "Wait a moment, then try again.")


@cache
def _environment(directory: Path) -> Environment:
    loader = FileSystemLoader([directory, TEMPLATES])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["telephone"] = telephone
    return environment


def html(
    directory: Path,
    template: str,
    *,
    brand: Brand,
    status: int = 200,
    more_style: str = "",
    script: str = "",
    also: str = "",
    **values: object,
) -> HtmlResponse:
    """The page that a template of `directory` makes. Its policy lets in the page's own style, the logo, and `also`.

    A `script` is the page's own module, which the template puts into itself: it alone may run, and may ask this origin.
    """
    style = _style(brand.accent) + more_style
    text = _environment(directory).get_template(template).render(brand=brand, style=style, script=script, **values)
    policy = _policy(style, brand)
    if script:
        policy = f"{policy}; script-src '{_digest(script)}'; connect-src 'self'"
    if also:
        policy = f"{policy}; {also}"
    return HtmlResponse(text, status=status, policy=policy, headers={"X-Robots-Tag": "noindex"})


def error_page(problem: Problem) -> HtmlResponse:
    """What went wrong, told to a person."""
    title, advice = _SAID.get(problem.status, _OURS)
    existing = problem.detail if problem.status == 409 else advice
    reference = problem.request_id if problem.status >= 500 else ""
    return html(TEMPLATES, "refusal.html", brand=PRODUCT, title=title, advice=existing, reference=reference)


@cache
def _style(accent: str) -> str:
    return f":root{{--accent:{accent}}}\n{(TEMPLATES / 'page.css').read_text()}"


def _policy(style: str, brand: Brand) -> str:
    logo = urlsplit(brand.logo_url)
    pictures = f"data: https://{logo.netloc}" if logo.netloc else "data:"
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; img-src {pictures}; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
