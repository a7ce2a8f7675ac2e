"""The public view of a proposal by its link. It contains no costs, no margin and no internal ids."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from coachway.bookings.quotes import schemas as quote_schemas
from coachway.bookings.quotes.schemas import QuoteView
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import ApiAmount
from coachway.sales.proposals import rules
from coachway.sales.proposals.links import LinkedProposal, open_link
from coachway.sales.proposals.rules import Choice, ItemState


class ProposalItemView(BaseSchema):
    """A quote of a proposal as it is now. `quote` is null if the revision that was sent is no longer valid."""

    item: int
    label: str
    number: str
    state: ItemState
    quote: QuoteView | None


class ProposalView(BaseSchema):
    """A proposal as the client sees it. `choosable` are the numbers of the items that can be chosen now."""

    organization_name: str
    number: str
    status: Annotated[str, Field(examples=["sent"])]
    revision_number: int
    title: str
    text: str
    terms: str
    choice: Choice
    valid_until: AwareDatetime
    items: list[ProposalItemView]
    choosable: list[int]
    chosen: list[int]
    total: Annotated[ApiAmount, Field(description="The sum of the chosen quotes.")]
    currency: str
    accepted_by: str | None
    answered_at: AwareDatetime | None


def get_proposal_view(token: str) -> ProposalView:
    """The proposal of a link, answered or not. Raises NotFound, or ProposalLinkReplaced after a revision."""
    return build_proposal_view(open_link(token))


def build_proposal_view(linked: LinkedProposal) -> ProposalView:
    """Build the client's view of a proposal."""
    proposal, states = linked.proposal, linked.states
    is_open = proposal.status == "sent" and not proposal.is_expired(clock.now())
    return ProposalView(
        organization_name=linked.organization.display_name,
        number=proposal.number,
        status="expired" if proposal.is_expired(clock.now()) else proposal.status.value,
        revision_number=proposal.revision_number,
        title=proposal.title,
        text=proposal.text,
        terms=proposal.terms,
        choice=proposal.choice,
        valid_until=proposal.valid_until,
        items=[_build_item_view(linked, number, states[number]) for number, _ in proposal.numbered_items],
        choosable=rules.list_choosable(proposal.choice, states) if is_open else [],
        chosen=proposal.chosen,
        total=sum(proposal.items[number - 1].total for number in proposal.chosen),
        currency=proposal.currency,
        accepted_by=proposal.accepted_by,
        answered_at=proposal.answered_at,
    )


def _build_item_view(linked: LinkedProposal, number: int, state: ItemState) -> ProposalItemView:
    item, charter = linked.proposal.items[number - 1], linked.find_charter(number)
    is_current = charter is not None and charter.revision_number == item.revision_number
    return ProposalItemView(
        item=number,
        label=item.label,
        number=item.charter_number,
        state=state,
        quote=quote_schemas.build_charter_view(charter, linked.proposal.valid_until, linked.organization)
        if charter is not None and is_current and state is not ItemState.CHANGED
        else None,
    )
