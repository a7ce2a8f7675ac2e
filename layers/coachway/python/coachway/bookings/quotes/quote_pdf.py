"""A quote as a PDF: what its page shows, for those who keep or print it."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

from coachway.bookings.charters.model import Charter
from coachway.bookings.quotes.page_content import QuotePage
from coachway.core.documents import pdf as document_pdf
from coachway.core.documents.pdf import Pdf
from coachway.core.types.code_words import humanize
from coachway.identity.model.organization import Organization
from coachway.identity.organizations.branding import build_brand

_TEMPLATE: Final = Path(__file__).parents[1] / "templates" / "quote.typ"


def render_quote(charter: Charter, page: QuotePage, organization: Organization) -> Pdf:
    """Render the PDF of a charter's quote from the content of its page."""
    valid_until = [("Valid until", page.valid_until)] if page.valid_until and page.is_open else []
    return document_pdf.render_template(
        _TEMPLATE,
        build_brand(organization),
        title="Trip" if page.heading.startswith("Trip") else "Quote",
        subtitle=f"{charter.number} · {humanize(charter.status)}",
        reference=charter.number,
        currency=organization.currency,
        route=page.route,
        days=page.day,
        facts=[("For", page.client), *valid_until, *((fact.label, fact.value) for fact in page.facts)],
        stops=[asdict(stop) for stop in page.stops],
        lines=[asdict(line) for line in page.lines],
        total=page.total,
        payment=page.payment_terms,
        cancellation=page.cancellation_terms,
        terms=page.terms,
    )
