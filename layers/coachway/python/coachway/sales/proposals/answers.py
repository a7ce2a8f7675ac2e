"""Accepting and declining a proposal by its link: all in one transaction, and once.

What is accepted are exactly the quotes that the client chose, in the revisions that it was sent. Its other open quotes
are declined with the same transaction.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.quote_link import PURPOSE as QUOTE_PURPOSE
from coachway.bookings.charters.quote_link import QuoteLink, get_link_key
from coachway.bookings.charters.rules import CharterChanged
from coachway.bookings.errors import ConcurrentSend
from coachway.bookings.quotes import acceptance
from coachway.contracts.proposals import ProposalAccepted, ProposalDeclined
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckVersion, Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock, settings
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.money import ApiAmount
from coachway.core.types.text import Note, Text
from coachway.identity.secrets import hashing
from coachway.sales.proposals import rules
from coachway.sales.proposals.errors import (
    ProposalAlreadyAnswered,
    ProposalLinkExpired,
    ProposalLinkReplaced,
    ProposalOutdated,
    ProposalRevised,
    ProposalWithdrawn,
)
from coachway.sales.proposals.event_payloads import list_trips, mail_event_fields
from coachway.sales.proposals.links import LinkedProposal, open_link
from coachway.sales.proposals.model import MAX_ITEMS, Proposal
from coachway.sales.proposals.rules import Choice, ItemState, ProposalStatus

_TIME_FOR_DEPOSIT: Final = timedelta(hours=24)
"""How long the deposits of an accepted proposal can be paid, at least: the proposal may expire a minute later."""

ProposalRevision = Annotated[int, Field(ge=1, le=1_000_000)]


class AcceptProposalInput(RequestSchema):
    """The chosen quotes, by their numbers in the proposal, and the revision of it that the client has read."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"revision_number": 1, "items": [1], "accepted_by": "Dana Lee"}]}
    )

    revision_number: ProposalRevision
    items: Annotated[list[Annotated[int, Field(ge=1, le=MAX_ITEMS)]], Field(min_length=1, max_length=MAX_ITEMS)]
    accepted_by: Text


class DeclineProposalInput(RequestSchema):
    """The revision of the proposal that the client has read, and the reason for declining it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"revision_number": 1, "reason": "We found another date"}]}
    )

    revision_number: ProposalRevision
    reason: Note = ""


class AnsweredTrip(BaseSchema):
    """An accepted quote. It is booked unless a deposit is due: then paying it at `url` books the trip."""

    item: int
    number: str
    status: Annotated[str, Field(examples=["booked"])]
    total: ApiAmount
    deposit_due: ApiAmount
    url: Annotated[str, Field(description="The web page of the trip.")]


class ProposalAnswer(BaseSchema):
    """The answer to a proposal. `total` is the sum of the accepted quotes."""

    status: Annotated[str, Field(examples=["accepted"])]
    number: str
    trips: list[AnsweredTrip] = Field(default_factory=list)
    total: ApiAmount = 0
    deposit_due: ApiAmount = 0
    currency: str


@dataclass(slots=True)
class _Answer:
    """The operations that accept or decline the quotes of a proposal, and what they do."""

    ops: list[Op] = field(default_factory=list)
    deposits: dict[int, int] = field(default_factory=dict)
    """Cents by the number of each chosen item."""
    nonces: dict[str, str] = field(default_factory=dict)
    """Those of the links to the trips' pages, by charter."""
    charters: dict[str, Charter] = field(default_factory=dict)
    declined: list[int] = field(default_factory=list)


@retry_on_conflict
def accept_proposal(caller: Caller, token: str, body: AcceptProposalInput) -> ProposalAnswer:
    """Accept the chosen quotes of a proposal. A repetition of the same choice returns the first answer.

    Raises NotFound for a forged link, Invalid for a choice that the proposal does not allow, and a Conflict if the
    proposal was answered, has expired, was revised, or a chosen quote cannot be booked as it is.
    """
    linked = _open_sent_revision(token, body.revision_number)
    proposal = linked.proposal
    if proposal.status is ProposalStatus.ACCEPTED and sorted(body.items) == proposal.chosen:
        return build_answer(proposal, linked.link_nonce)
    _require_unanswered(proposal)
    _require_choice(linked, body)
    client_caller = _caller_as_client(caller, proposal)
    accepted = _accept_items(client_caller, linked, body)
    items = [item.model_copy(update=_build_outcome(number, accepted)) for number, item in proposal.numbered_items]
    changes = {
        "status": ProposalStatus.ACCEPTED,
        "items": items,
        "accepted_by": body.accepted_by,
        "answered_at": clock.now(),
    }
    after = proposal.model_copy(update=changes)
    chosen = after.chosen
    event = ProposalAccepted(
        **mail_event_fields(after, linked.client, list_trips(after, accepted.charters, chosen, accepted.nonces)),
        accepted_by=body.accepted_by,
        total=sum(after.items[number - 1].total for number in chosen),
        deposit_due=sum(accepted.deposits.values()),
        declined_numbers=[after.items[number - 1].charter_number for number in accepted.declined],
    )
    response = build_answer(after, lambda charter_id: accepted.nonces[charter_id])
    store.commit(client_caller, Update(proposal, after, [event]), *accepted.ops, response=response)
    return response


@retry_on_conflict
def decline_proposal(caller: Caller, token: str, body: DeclineProposalInput) -> ProposalAnswer:
    """Decline a proposal with all of its open quotes.

    Raises NotFound for a forged link, or a Conflict if it was answered, has expired or was revised.
    """
    linked = _open_sent_revision(token, body.revision_number)
    proposal = linked.proposal
    if proposal.status is ProposalStatus.DECLINED:
        return build_answer(proposal, linked.link_nonce)
    _require_unanswered(proposal)
    client_caller = _caller_as_client(caller, proposal)
    declined = _Answer()
    _decline_items(client_caller, linked, declined, body.reason, without=())
    items = [item.model_copy(update=_build_outcome(number, declined)) for number, item in proposal.numbered_items]
    changes = {
        "status": ProposalStatus.DECLINED,
        "items": items,
        "answered_at": clock.now(),
        "decline_reason": body.reason,
    }
    after = proposal.model_copy(update=changes)
    trips = list_trips(after, declined.charters, declined.declined)
    event = ProposalDeclined(**mail_event_fields(after, linked.client, trips), reason=body.reason)
    response = build_answer(after, linked.link_nonce)
    store.commit(client_caller, Update(proposal, after, [event]), *declined.ops, response=response)
    return response


def build_answer(proposal: Proposal, find_nonce: Callable[[str], str]) -> ProposalAnswer:
    """The answer that a proposal was given. `find_nonce` returns that of the link to a charter's page."""
    trips = [
        AnsweredTrip(
            item=number,
            number=item.charter_number,
            status="quote" if item.deposit_due else "booked",
            total=item.total,
            deposit_due=item.deposit_due,
            url=trip_url(proposal.org_id, item.charter_id, find_nonce(item.charter_id)),
        )
        for number, item in proposal.numbered_items
        if item.outcome == "accepted"
    ]
    return ProposalAnswer(
        status=proposal.status.value,
        number=proposal.number,
        trips=trips,
        total=sum(trip.total for trip in trips),
        deposit_due=sum(trip.deposit_due for trip in trips),
        currency=proposal.currency,
    )


def trip_url(org_id: str, charter_id: str, nonce: str) -> str:
    """The address of a charter's page; empty without a link."""
    if not nonce:
        return ""
    token = signed_links.create_link_token(QUOTE_PURPOSE, org_id, charter_id, nonce)
    return f"{settings.public_url()}/pages/quotes/{token}"


def _open_sent_revision(token: str, revision_number: int) -> LinkedProposal:
    try:
        linked = open_link(token, to_answer=True)
    except ProposalWithdrawn as error:
        raise ProposalAlreadyAnswered(error.detail) from None
    except ProposalLinkReplaced as error:
        raise ProposalRevised(error.detail) from None
    current = linked.proposal.revision_number
    if revision_number != current:
        detail = f"The current revision is {current}. Read it before answering."
        raise ProposalRevised(detail, fields=[errors.FieldError("revision_number", detail, "outdated")])
    return linked


def _require_choice(linked: LinkedProposal, body: AcceptProposalInput) -> None:
    """Raise Invalid or ProposalOutdated if the items cannot be chosen; ConcurrentUpdate if they are being chosen now.

    The charters are read after the proposal, so they can show an answer that the proposal does not.
    """
    proposal = linked.proposal
    try:
        rules.require_choice(proposal.choice, linked.states, body.items)
    except ProposalOutdated:
        current = store.find(Proposal, proposal.key())
        if current is None or current.version != proposal.version:
            raise errors.ConcurrentUpdate("The proposal was answered by another request. Read it again.") from None
        raise


def _require_unanswered(proposal: Proposal) -> None:
    if proposal.status is ProposalStatus.ACCEPTED:
        options = ", ".join(map(str, proposal.chosen))
        raise ProposalAlreadyAnswered(f"{proposal.accepted_by} has accepted option {options}.")
    if proposal.status is ProposalStatus.DECLINED:
        raise ProposalAlreadyAnswered("The proposal was declined.")
    if proposal.is_expired(clock.now()):
        raise ProposalLinkExpired("Ask us for a new proposal.")


def _caller_as_client(caller: Caller, proposal: Proposal) -> Caller:
    return replace(caller, org_id=proposal.org_id, user_id="proposal-link", role="client", party_id=proposal.client_id)


def _accept_items(caller: Caller, linked: LinkedProposal, body: AcceptProposalInput) -> _Answer:
    """Accept the chosen quotes as their own links would, and decline the others."""
    result = _Answer()
    proposal = linked.proposal
    for number in sorted(body.items):
        charter = linked.charters[proposal.items[number - 1].charter_id]
        pay_by = _deposit_deadline(proposal, charter)
        accepted = acceptance.accept_quote_ops(
            caller, charter, body.accepted_by, linked.records, pay_by=pay_by, proposal=proposal.number
        )
        link = linked.records.find(QuoteLink, get_link_key(charter))
        if accepted.deposit_due:
            link_ops, nonce = _payment_link_ops(linked, accepted.charter, link, pay_by)
            result.ops += link_ops
        else:
            created = (op.record for op in accepted.ops if isinstance(op, Create))
            nonce = next(
                (record.nonce for record in created if isinstance(record, QuoteLink)), link.nonce if link else ""
            )
        result.ops += accepted.ops
        result.deposits[number] = accepted.deposit_due
        result.charters[charter.id], result.nonces[charter.id] = accepted.charter, nonce
    reason = "Another option was chosen." if proposal.choice is Choice.ONE else "Other parts were chosen."
    _decline_items(caller, linked, result, f"{reason} Proposal {proposal.number}", without=body.items)
    return result


def _deposit_deadline(proposal: Proposal, charter: Charter) -> datetime:
    """Until when the deposit of a charter can be paid, if one is due."""
    deadline = max(
        proposal.valid_until, clock.now() + _TIME_FOR_DEPOSIT, charter.quote_expires_at or proposal.valid_until
    )
    return min(deadline, charter.starts_at).astimezone(UTC).replace(microsecond=0)


def _payment_link_ops(
    linked: LinkedProposal, charter: Charter, existing: QuoteLink | None, expires: datetime
) -> tuple[list[Op], str]:
    """Operations that open the charter's page, on which the client pays the deposit, and the nonce of its link.

    A link that the client has for this revision stays valid.
    """
    email = lifecycle.require_client(linked.client).email
    is_known = existing is not None and existing.revision_number == charter.revision_number
    nonce = existing.nonce if existing and is_known and existing.is_sent_to(email) else signed_links.new_nonce()
    link = QuoteLink(
        org_id=charter.org_id,
        charter_id=charter.id,
        nonce=nonce,
        revision_number=charter.revision_number,
        quote_id=charter.quote.id,
        expires=expires,
        address_digest=hashing.address_digest(email),
    )
    if existing is None:
        return [Create(link, on_exists=ConcurrentSend())], nonce
    return [Update(existing, link, on_stale=ConcurrentSend())], nonce


def _decline_items(
    caller: Caller, linked: LinkedProposal, result: _Answer, reason: str, *, without: Collection[int]
) -> None:
    """Decline all other open quotes. Fails if one that is not open changes at the same time."""
    proposal = linked.proposal
    for number, state in linked.states.items():
        charter = linked.find_charter(number)
        if charter is None or number in without:
            continue
        if state not in {ItemState.OPEN, ItemState.BLOCKED}:
            result.ops.append(CheckVersion(charter, CharterChanged()))
            continue
        declined, ops = lifecycle.decline_ops(caller, charter, reason, linked.records, proposal=proposal.number)
        result.ops += ops
        result.charters[charter.id] = declined
        result.declined.append(number)


def _build_outcome(number: int, answer: _Answer) -> Mapping[str, object]:
    """The changes of an item by an answer."""
    if number in answer.deposits:
        return {"outcome": "accepted", "deposit_due": answer.deposits[number]}
    return {"outcome": "declined"} if number in answer.declined else {}
