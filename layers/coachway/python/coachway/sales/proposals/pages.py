"""The web page of a proposal: compare, choose, confirm. It works on phones and without scripts; GET changes nothing."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from coachway.core import errors
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.documents import html
from coachway.core.http.response_types import HtmlResponse
from coachway.core.schemas import RequestSchema
from coachway.core.types.text import OptionalText, ShortNote
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization
from coachway.identity.organizations.branding import build_brand
from coachway.sales.proposals import answers, page_content, rules
from coachway.sales.proposals.answers import AcceptProposalInput, DeclineProposalInput, ProposalRevision
from coachway.sales.proposals.errors import (
    ProposalBeingRevised,
    ProposalLinkReplaced,
    ProposalOutdated,
    ProposalWithdrawn,
)
from coachway.sales.proposals.links import PURPOSE, LinkedProposal, open_link
from coachway.sales.proposals.model import Proposal

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
_STYLE: Final = """
.options{display:grid;gap:1rem;margin:0 0 1rem;padding:0;border:0;min-width:0}
.options .card{margin:0}
.option{display:flex;flex-direction:column;gap:.75rem}
.option h2{margin:0}
.option .facts{grid-template-columns:minmax(6rem,auto) 1fr;margin:0}
.option .amount{font-size:1.6rem;font-weight:700;line-height:1.1;font-variant-numeric:tabular-nums}
.option .more{margin-top:auto}
.option.off{background:var(--page)}
.option .pick{border-top:1px solid var(--rule);padding-top:.75rem}
.option .pick label{font-weight:600}
.back{display:inline-block;padding:.6rem 0}
@media(min-width:64rem){
.wide{max-width:72rem}
.options.many{grid-template-columns:repeat(auto-fit,minmax(19rem,1fr))}
}
"""


class ChoiceQuery(RequestSchema):
    """The chosen items: `item` of alternatives, `item_1` to `item_10` of parts."""

    item: Annotated[int | None, Field(ge=1, le=10, description="The chosen alternative.")] = None
    item_1: Annotated[bool, Field(description="Whether part 1 is chosen.")] = False
    item_2: Annotated[bool, Field(description="Whether part 2 is chosen.")] = False
    item_3: Annotated[bool, Field(description="Whether part 3 is chosen.")] = False
    item_4: Annotated[bool, Field(description="Whether part 4 is chosen.")] = False
    item_5: Annotated[bool, Field(description="Whether part 5 is chosen.")] = False
    item_6: Annotated[bool, Field(description="Whether part 6 is chosen.")] = False
    item_7: Annotated[bool, Field(description="Whether part 7 is chosen.")] = False
    item_8: Annotated[bool, Field(description="Whether part 8 is chosen.")] = False
    item_9: Annotated[bool, Field(description="Whether part 9 is chosen.")] = False
    item_10: Annotated[bool, Field(description="Whether part 10 is chosen.")] = False

    @property
    def numbers(self) -> list[int]:
        """The numbers of the chosen items."""
        parts = [number for number in range(1, 11) if getattr(self, f"item_{number}")]
        return sorted({*parts, *([self.item] if self.item else [])})


class AcceptProposalForm(RequestSchema):
    """The form that accepts what was chosen. If the name or the checkbox is missing, the page shows it again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"revision_number": 1, "items": "1", "accepted_by": "Dana Lee", "agreed": True}]
        }
    )

    revision_number: ProposalRevision
    items: Annotated[
        str, Field(pattern=r"^[0-9]{1,2}(,[0-9]{1,2}){0,9}$", description="The numbers of the chosen items.")
    ]
    accepted_by: OptionalText = ""
    agreed: bool = False

    @property
    def numbers(self) -> list[int]:
        """The numbers of the chosen items."""
        return [int(number) for number in self.items.split(",")]


class DeclineProposalForm(RequestSchema):
    """The form that declines a proposal."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"revision_number": 1, "reason": "The date moved."}]})

    revision_number: ProposalRevision
    reason: ShortNote = ""


def render_proposal_page(token: str) -> HtmlResponse:
    """Render a proposal: its quotes side by side, and the form to choose. Raises NotFound for a forged link."""
    return _render(token, lambda linked: _render_choice(linked, base_path=f"{token}/"))


def render_review_page(token: str, query: ChoiceQuery) -> HtmlResponse:
    """Render exactly what the client is about to accept, its sum, and the form to confirm it."""
    return _render(token, lambda linked: _render_review(linked, query.numbers))


def submit_acceptance_form(caller: Caller, token: str, form: AcceptProposalForm) -> HtmlResponse:
    """Accept what was chosen and redirect to the page, or show the form again if the name or checkbox is missing."""
    name = " ".join(form.accepted_by.split())
    field_errors = {
        **({} if name else {"accepted_by": "Enter your name."}),
        **({} if form.agreed else {"agreed": "Check the box to accept."}),
    }
    if field_errors:
        return _render(
            token,
            lambda linked: _render_review(
                linked, form.numbers, status=422, values={"accepted_by": name}, field_errors=field_errors
            ),
        )
    body = AcceptProposalInput(revision_number=form.revision_number, items=form.numbers, accepted_by=name)
    return _redirect_after_answer(token, lambda: answers.accept_proposal(caller, token, body))


def submit_decline_form(caller: Caller, token: str, form: DeclineProposalForm) -> HtmlResponse:
    """Decline the proposal and redirect to its page."""
    body = DeclineProposalInput(revision_number=form.revision_number, reason=form.reason.strip())
    return _redirect_after_answer(token, lambda: answers.decline_proposal(caller, token, body))


def _redirect_after_answer(token: str, send_answer: Callable[[], object]) -> HtmlResponse:
    try:
        send_answer()
    except errors.Conflict as conflict:
        reason = conflict.detail
        return _render(token, lambda linked: _render_choice(linked, status=409, rejection_reason=reason))
    except ProposalLinkReplaced:
        return _render(token, _render_choice)
    return HtmlResponse("", status=303, headers={"Location": f"../{token}"})


def _render(token: str, render: Callable[[LinkedProposal], HtmlResponse]) -> HtmlResponse:
    try:
        return render(open_link(token))
    except ProposalLinkReplaced as error:
        org_id = signed_links.verify_link_token(PURPOSE, "prop", token).org_id
        return _render_replaced_link(organization_queries.get_organization(org_id), error)


def _render_choice(
    linked: LinkedProposal, *, base_path: str = "", status: int = 200, rejection_reason: str = ""
) -> HtmlResponse:
    """Render the quotes. `base_path` is the relative path from the current address to those of the forms."""
    page = page_content.build_proposal_page(linked, rejection_reason=rejection_reason)
    return html.render_template(
        TEMPLATES,
        "proposal.html",
        brand=build_brand(linked.organization),
        status=status,
        more_style=_STYLE,
        proposal=page,
        base_path=base_path,
    )


def _render_review(
    linked: LinkedProposal,
    chosen: list[int],
    *,
    status: int = 200,
    values: Mapping[str, str] | None = None,
    field_errors: Mapping[str, str] | None = None,
) -> HtmlResponse:
    """Render what was chosen, or the choice again if it is not possible."""
    page = page_content.build_proposal_page(linked, chosen)
    if not page.is_open:
        return _render_choice(linked, status=status)
    try:
        rules.require_choice(linked.proposal.choice, linked.states, chosen)
    except ProposalOutdated as error:
        return _render_choice(linked, status=status, rejection_reason=error.detail)
    except errors.Invalid:
        reason = "Choose what you want to accept, then continue."
        return _render_choice(linked, status=status, rejection_reason=reason)
    return html.render_template(
        TEMPLATES,
        "proposal_review.html",
        brand=build_brand(linked.organization),
        status=status,
        more_style=_STYLE,
        proposal=page,
        page_path=f"../{_build_token(linked.proposal)}",
        values={"accepted_by": "", **(values or {})},
        errors=field_errors or {},
    )


def _build_token(proposal: Proposal) -> str:
    return signed_links.create_link_token(PURPOSE, proposal.org_id, proposal.id, proposal.nonce)


def _render_replaced_link(organization: Organization, error: ProposalLinkReplaced) -> HtmlResponse:
    title = "This link was replaced"
    advice = "It is no longer valid. Open the link in our latest message, or ask us for a new one."
    if isinstance(error, ProposalBeingRevised):
        title = "This proposal is being revised"
        advice = "We are changing it, so this version is no longer valid. You will get a new link."
    elif isinstance(error, ProposalWithdrawn):
        title = "This proposal was withdrawn"
        advice = "We have withdrawn it. If you did not expect this, contact us."
    return html.render_template(
        html.TEMPLATES,
        "error_page.html",
        brand=build_brand(organization),
        status=404,
        title=title,
        advice=advice,
        reference="",
    )
