"""The content of a proposal's page and of its PDF."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from coachway.bookings import instalments, payment_schedule
from coachway.bookings.charter_text import build_formatter
from coachway.bookings.charters.model import Charter
from coachway.bookings.quotes import page_content as quote_pages
from coachway.bookings.quotes.page_content import Banner, QuotePage
from coachway.core.documents.formatting import Formatter
from coachway.core.runtime import clock
from coachway.identity import organization_queries
from coachway.sales.proposals import rules
from coachway.sales.proposals.answers import trip_url
from coachway.sales.proposals.links import LinkedProposal
from coachway.sales.proposals.model import Proposal
from coachway.sales.proposals.rules import Choice, ItemState, ProposalStatus

_STATE_TEXTS: Final = {
    ItemState.OPEN: "",
    ItemState.BLOCKED: "This cannot be booked yet: a detail of the trip, such as its driving hours, has to be checked.",
    ItemState.ACCEPTED: "Already accepted.",
    ItemState.CHANGED: "We are changing this quote, so it cannot be chosen.",
    ItemState.CLOSED: "No longer available.",
}
_INSTRUCTIONS: Final = {
    Choice.ONE: "Choose one of the options.",
    Choice.ANY: "Choose the parts that you want.",
    Choice.ALL: "These parts belong together.",
}


@dataclass(frozen=True, slots=True)
class Option:
    """A quote of the proposal. `quote` is None if the client may not see its current revision."""

    number: int
    name: str
    charter_number: str
    state: str
    """What keeps it from being chosen, or what became of it; empty if it can be chosen."""
    is_choosable: bool
    is_chosen: bool
    total: str
    cents: int
    deposit: int
    """Cents that must be paid to book it."""
    quote: QuotePage | None
    link: str = ""
    """The address of the page of an accepted trip."""


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """The texts that the templates show."""

    number: str
    revision_number: int
    title: str
    client: str
    text: str
    terms: str
    """The terms of this proposal, then those of the organization; empty if there are none."""
    valid_until: str
    banner: Banner | None
    choice: str
    instruction: str
    options: Sequence[Option]
    is_open: bool
    """Whether the client can answer."""
    total: str
    """The sum of the chosen quotes, or of all if they belong together; empty if nothing is chosen."""
    deposit: str
    """What must be paid to book what is chosen; empty if nothing."""

    @property
    def choosable(self) -> Sequence[Option]:
        """The options that can be chosen now."""
        return [option for option in self.options if option.is_choosable]

    @property
    def chosen(self) -> Sequence[Option]:
        """The options that are chosen, or were accepted."""
        return [option for option in self.options if option.is_chosen]

    @property
    def cancellation_terms(self) -> Sequence[str]:
        """What a cancellation of any shown trip refunds, each once."""
        shown = self.chosen or self.options
        texts = (text for option in shown if option.quote for text in option.quote.cancellation_terms)
        return list(dict.fromkeys(texts))


def build_proposal_page(
    linked: LinkedProposal, chosen: Collection[int] = (), rejection_reason: str = ""
) -> ProposalPage:
    """Build the page of a proposal. `chosen` are the items that the client is about to accept."""
    proposal, states = linked.proposal, linked.states
    formatter = build_formatter(linked.organization)
    is_open = proposal.status is ProposalStatus.SENT and not proposal.is_expired(clock.now())
    choosable = rules.list_choosable(proposal.choice, states) if is_open else []
    selected = chosen if is_open else proposal.chosen
    options = [
        _build_option(
            linked,
            number,
            states[number],
            formatter,
            is_choosable=number in choosable,
            is_chosen=number in selected,
        )
        for number, _ in proposal.numbered_items
    ]
    summed = [option for option in options if option.is_chosen]
    deposit = sum(option.deposit for option in summed)
    return ProposalPage(
        number=proposal.number,
        revision_number=proposal.revision_number,
        title=proposal.title,
        client=linked.client.name if linked.client else "",
        text=proposal.text,
        terms="\n\n".join(filter(None, [proposal.terms, *_list_organization_terms(linked)])),
        valid_until=formatter.moment(proposal.valid_until),
        banner=_build_banner(proposal, formatter, rejection_reason, is_open=is_open, has_choice=bool(choosable)),
        choice=proposal.choice.value,
        instruction=_INSTRUCTIONS[proposal.choice] if len(proposal.items) > 1 else "",
        options=options,
        is_open=is_open,
        total=formatter.money(sum(option.cents for option in summed), proposal.currency) if summed else "",
        deposit=formatter.money(deposit, proposal.currency) if deposit else "",
    )


def _build_option(
    linked: LinkedProposal,
    number: int,
    state: ItemState,
    formatter: Formatter,
    *,
    is_choosable: bool,
    is_chosen: bool,
) -> Option:
    proposal = linked.proposal
    item, charter = proposal.items[number - 1], linked.find_charter(number)
    is_shown = charter is not None and charter.revision_number == item.revision_number
    is_shown = is_shown and state is not ItemState.CHANGED
    parts = (
        payment_schedule.list_instalments(charter, linked.client, linked.organization)
        if (charter and linked.client)
        else []
    )
    quote = (
        quote_pages.build_quote_page(charter, "", formatter, quote_pages.quote_state(charter, clock.now()), parts=parts)
        if charter is not None and is_shown
        else None
    )
    kind = "Option" if proposal.choice is Choice.ONE else "Part"
    open_deposit = max(0, instalments.sum_due_to_book(parts) - charter.amount_paid) if charter else 0
    return Option(
        number=number,
        name=item.label or f"{kind} {number}",
        charter_number=item.charter_number,
        state=_describe_state(proposal, item.outcome, state, charter),
        is_choosable=is_choosable,
        is_chosen=is_chosen,
        total=formatter.money(item.total, proposal.currency),
        cents=item.total,
        deposit=open_deposit if charter and charter.status == "quote" else 0,
        quote=quote,
        link=trip_url(proposal.org_id, item.charter_id, linked.link_nonce(item.charter_id))
        if item.outcome == "accepted"
        else "",
    )


def _describe_state(proposal: Proposal, outcome: str | None, state: ItemState, charter: Charter | None) -> str:
    if outcome == "accepted" and charter is not None:
        if charter.status == "quote":
            return "Chosen. It is booked once its deposit is paid."
        return {"cancelled": "Cancelled.", "expired": "Expired: its deposit was not paid in time."}.get(
            charter.status, "Booked."
        )
    if outcome == "declined":
        return "Not chosen." if proposal.status is ProposalStatus.ACCEPTED else "Declined."
    return _STATE_TEXTS[state]


def _list_organization_terms(linked: LinkedProposal) -> list[str]:
    digests = dict.fromkeys(charter.terms_digest for charter in linked.charters.values() if charter.terms_digest)
    return [organization_queries.get_terms_text(linked.organization, digest) for digest in digests]


def _build_banner(
    proposal: Proposal, formatter: Formatter, rejection_reason: str, *, is_open: bool, has_choice: bool
) -> Banner | None:
    if proposal.status is ProposalStatus.ACCEPTED:
        return Banner(f"Thank you, {proposal.accepted_by}", "We have your choice. It is shown below.", "good")
    if proposal.status is ProposalStatus.DECLINED:
        return Banner("This proposal was declined", "Ask us if you would like another one.", "bad")
    if not is_open:
        when = formatter.moment(proposal.valid_until)
        return Banner("This proposal has expired", f"It was valid until {when}. Ask us for a new one.", "bad")
    if rejection_reason:
        return Banner("We could not save your answer", rejection_reason, "bad")
    if not has_choice:
        return Banner("This proposal can no longer be accepted", "Something has changed. Ask us for a new one.", "bad")
    return None
