"""The itinerary as a PDF: stops and times, for drivers and passengers."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

from coachway.bookings import charter_text
from coachway.bookings.charter_text import LabeledValue, build_formatter
from coachway.bookings.charters.model import Charter
from coachway.clients.model import Client
from coachway.core.documents import pdf as document_pdf
from coachway.core.documents.formatting import format_phone
from coachway.core.documents.pdf import Pdf
from coachway.core.types.code_words import humanize
from coachway.identity.model.organization import Organization
from coachway.identity.organizations.branding import build_brand

_TEMPLATE: Final = Path(__file__).parent / "templates" / "itinerary.typ"


def render_itinerary(charter: Charter, client: Client, organization: Organization) -> Pdf:
    """Render the itinerary. It shows no prices, because drivers use it too."""
    formatter = build_formatter(organization)
    facts = [
        LabeledValue("Client", client.name),
        LabeledValue("Phone", format_phone(client.phone or "")),
        *charter_text.describe_trip(charter),
        LabeledValue("Distance", f"{formatter.number(charter.miles)} miles"),
    ]
    return document_pdf.render_template(
        _TEMPLATE,
        build_brand(organization),
        title="Itinerary",
        subtitle=f"{charter.number} · {humanize(charter.status)}",
        reference=charter.number,
        currency=organization.currency,
        days=charter_text.describe_days(charter, formatter),
        facts=[(fact.label, fact.value) for fact in facts],
        crews=[(crew.label, crew.value) for crew in charter_text.describe_crews(charter)],
        stops=[asdict(stop) for stop in charter_text.describe_stops(charter.stops, formatter)],
        notes=charter.notes,
    )
