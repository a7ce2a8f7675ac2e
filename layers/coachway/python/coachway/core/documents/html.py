"""HTML pages, rendered on the server: mobile first, in the organization's color, usable without JavaScript if possible.

Each capability has its own templates, which extend `page.html`. Jinja is in the layer `documents`.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from coachway.core.documents.branding import Brand
from coachway.core.documents.formatting import format_phone
from coachway.core.http.response_types import HtmlResponse
from coachway.core.problem_details import Problem

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
PRODUCT: Final = Brand("CoachWay")

_INVALID_FORM: Final = ("The form contains an error", "Go back, reload the page and try again.")
_MESSAGES: Final = {
    404: (
        "This link does not work",
        "It may be incomplete, expired, used or replaced. If you have received a later message, use the link in it.",
    ),
    409: ("This is no longer possible", ""),
    **dict.fromkeys((400, 413, 415, 422), _INVALID_FORM),
    429: ("Too many attempts", "Wait a minute, then try again."),
}
_SERVER_ERROR: Final = ("Something went wrong on our side", "Wait a moment, then try again.")


@cache
def _environment(directory: Path) -> Environment:
    loader = FileSystemLoader([directory, TEMPLATES])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["format_phone"] = format_phone
    return environment


def render_template(
    directory: Path,
    template: str,
    *,
    brand: Brand,
    status: int = 200,
    more_style: str = "",
    script: str = "",
    extra_policy: str = "",
    **values: object,
) -> HtmlResponse:
    """Render a template of `directory`.

    The Content-Security-Policy allows the page's style, the logo, and `extra_policy`. The template includes `script` in
    the page; only this script may run, and it may send requests to this origin.
    """
    style = _style(brand.accent, brand.accent_on_dark) + more_style
    text = _environment(directory).get_template(template).render(brand=brand, style=style, script=script, **values)
    policy = _policy(style, brand)
    if script:
        policy = f"{policy}; script-src '{_digest(script)}'; connect-src 'self'"
    if extra_policy:
        policy = f"{policy}; {extra_policy}"
    return HtmlResponse(text, status=status, policy=policy, headers={"X-Robots-Tag": "noindex"})


def error_page(problem: Problem, brand: Brand = PRODUCT) -> HtmlResponse:
    """Render the page that explains an error to a person, with the contact details of `brand`."""
    title, advice = _MESSAGES.get(problem.status, _SERVER_ERROR)
    text = problem.detail if problem.status == 409 else advice
    reference = problem.request_id if problem.status >= 500 else ""
    return render_template(TEMPLATES, "error_page.html", brand=brand, title=title, advice=text, reference=reference)


@cache
def _style(accent: str, accent_on_dark: str) -> str:
    light = f":root{{--accent:{accent};--accent-text:{accent}}}"
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{--accent-text:{accent_on_dark}}}}}"
    return f"{light}\n{dark}\n{(TEMPLATES / 'page.css').read_text()}"


def _policy(style: str, brand: Brand) -> str:
    logo = urlsplit(brand.logo_url)
    image_sources = f"data: https://{logo.netloc}" if logo.netloc else "data:"
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; img-src {image_sources}; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
