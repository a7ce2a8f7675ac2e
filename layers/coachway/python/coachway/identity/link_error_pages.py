"""Error pages of links: they show the organization that sent the link, if the link is genuine."""

from collections.abc import Callable

from coachway.core import errors
from coachway.core.auth import signed_links
from coachway.core.documents import html
from coachway.core.documents.branding import Brand
from coachway.core.http.response_types import HtmlResponse
from coachway.core.problem_details import Problem
from coachway.identity import organization_queries
from coachway.identity.organizations.branding import build_brand


def build_error_page(*purposes: str) -> Callable[[Problem], HtmlResponse]:
    """Return the function that renders the error pages of routes whose paths contain links for these purposes."""

    def render_error_page(problem: Problem) -> HtmlResponse:
        segments = problem.instance.split("/") if problem.status < 500 else ()
        brands = (find_link_brand(purpose, segment) for segment in segments for purpose in purposes)
        return html.error_page(problem, next((brand for brand in brands if brand is not None), html.PRODUCT))

    return render_error_page


def find_link_brand(purpose: str, token: str) -> Brand | None:
    """Return the organization of a genuine link, also of one that is used, expired or replaced."""
    org_id = signed_links.find_organization_id(purpose, token)
    if org_id is None:
        return None
    try:
        return build_brand(organization_queries.get_organization(org_id))
    except errors.NotFound:
        return None
