"""A proposal as a PDF: its quotes in a table, then each with stops and price."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from coachway.bookings.charter_text import build_formatter
from coachway.core.caller import Caller
from coachway.core.documents import pdf as document_pdf
from coachway.core.documents.pdf import Pdf
from coachway.core.http.response_types import FileResponse
from coachway.core.types.code_words import humanize
from coachway.identity.organizations.branding import build_brand
from coachway.sales.proposals import page_content
from coachway.sales.proposals.links import LinkedProposal, load_linked_proposal, open_link
from coachway.sales.proposals.model import Proposal
from coachway.sales.proposals.page_content import Option
from coachway.sales.proposals.rules import Choice, ProposalStatus
from coachway.sales.proposals.service import freeze_item, get_proposal

_TEMPLATE: Final = Path(__file__).parents[1] / "templates" / "proposal.typ"


def get_pdf(caller: Caller, proposal_id: str) -> FileResponse:
    """The PDF of a proposal for the office; that of a draft has the current revisions. Raises NotFound."""
    linked = load_linked_proposal(get_proposal(caller, proposal_id))
    if linked.proposal.status is ProposalStatus.DRAFT:
        linked = replace(linked, proposal=_freeze_items(linked))
    return _build_response(linked)


def get_pdf_by_link(token: str) -> FileResponse:
    """The PDF of a proposal for its client. Raises NotFound, or ProposalLinkReplaced after a revision."""
    return _build_response(open_link(token))


def render_pdf(linked: LinkedProposal) -> Pdf:
    """Render the PDF."""
    proposal, page = linked.proposal, page_content.build_proposal_page(linked)
    total, total_label = page.total, "Total of what was chosen"
    if not total and proposal.choice is Choice.ALL:
        formatter = build_formatter(linked.organization)
        total = formatter.money(sum(option.cents for option in page.options), proposal.currency)
        total_label = "Total"
    return document_pdf.render_template(
        _TEMPLATE,
        build_brand(linked.organization),
        title="Proposal",
        subtitle=f"{proposal.number} · {humanize(proposal.status)}",
        reference=proposal.number,
        currency=proposal.currency,
        heading=page.title,
        facts=[("For", page.client), ("Valid until", page.valid_until)],
        text=page.text,
        options=[_describe_option(option) for option in page.options],
        total=total,
        total_label=total_label,
        cancellation=page.cancellation_terms,
        terms=page.terms,
    )


def _describe_option(option: Option) -> dict[str, object]:
    quote = option.quote
    facts = [(fact.label, fact.value) for fact in quote.facts] if quote else []
    return {
        "name": option.name,
        "number": option.charter_number,
        "day": f"{quote.route}, {quote.day}" if quote else option.charter_number,
        "vehicles": next((value for label, value in facts if label.startswith("Vehicle")), ""),
        "state": option.state,
        "total": option.total,
        "facts": facts,
        "stops": [asdict(stop) for stop in quote.stops] if quote else [],
        "lines": [asdict(line) for line in quote.lines] if quote else [],
        "payment": quote.payment_terms if quote and option.is_choosable else "",
    }


def _freeze_items(linked: LinkedProposal) -> Proposal:
    """The proposal with the current revisions of its charters, as it would be sent now."""
    items = []
    for item in linked.proposal.items:
        charter = linked.charters.get(item.charter_id)
        items.append(item if charter is None else freeze_item(item, charter))
    return linked.proposal.model_copy(update={"items": items})


def _build_response(linked: LinkedProposal) -> FileResponse:
    return render_pdf(linked).build_response(f"proposal-{linked.proposal.number}.pdf")
