"""Commands on proposals and reads of them, for the office."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.bookings.errors import QuoteNotSendable
from coachway.clients.model import Client
from coachway.contracts.proposals import ProposalCreated, ProposalDeleted, ProposalUpdated, ProposalWithdrawn
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.domain_events import HistoryEntry
from coachway.core.persistence.operations import COUNTER, Create, Op, Update
from coachway.core.persistence.queries import query_by_month, query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.erasure.redaction import Redaction
from coachway.erasure.service import erase_partition
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.sales.proposals.errors import CharterOfOtherClient, CurrenciesDiffer, ProposalNotDeletable
from coachway.sales.proposals.event_payloads import event_fields
from coachway.sales.proposals.model import (
    BY_MONTH,
    BY_STATUS,
    OF_CLIENT,
    PROPOSAL,
    NewProposal,
    Proposal,
    ProposalFields,
    ProposalItem,
    ProposalItemInput,
    ProposalQuery,
)
from coachway.sales.proposals.rules import TRANSITIONS, ProposalStatus

_MAX_VALIDITY: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class _ItemCharters:
    """The charters of a proposal's items, by their ids, and the currency of their quotes."""

    charters: Mapping[str, Charter]
    currency: str


def create_proposal(caller: Caller, request: NewProposal) -> Proposal:
    """Create a draft with its number.

    Raises NotFound if the client or a charter does not exist, CharterOfOtherClient, CurrenciesDiffer,
    QuoteNotSendable if a charter is not a quote, or Invalid.
    """
    _require_valid_until(request.valid_until)
    client_key = CLIENT.key(org=caller.org_id, id=request.client_id)
    organization_key = ORGANIZATIONS.key(org=caller.org_id)
    charter_keys = [CHARTER.key(org=caller.org_id, id=item.charter_id) for item in request.items]
    # The counter of the most likely year is read along; `commit_with_sequence` starts with it.
    counter_key = COUNTER.key(org=caller.org_id, name=_sequence_name(clock.now().year))
    records = store.batch_get([client_key, organization_key, counter_key, *charter_keys])
    records.get(Client, client_key)
    organization = records.get(Organization, organization_key)
    found = _require_quotes(request.client_id, request.items, _find_charters(caller, request.items, records))
    proposal = Proposal(
        **request.model_dump(exclude={"items"}),
        id=ids.new("prop"),
        org_id=caller.org_id,
        items=_build_items(request.items, found.charters),
        currency=found.currency,
    )
    year = clock.now().astimezone(ZoneInfo(organization.timezone)).year

    def build_ops(sequence_number: int) -> list[Op]:
        proposal.number = f"{organization.number_prefixes.proposal}-{year}-{sequence_number:06d}"
        return [Create(proposal, [ProposalCreated(**event_fields(proposal))])]

    store.commit_with_sequence(caller, _sequence_name(year), build_ops, response=proposal)
    return proposal


def get_proposal(caller: Caller, proposal_id: str, *, expected: int | None = None) -> Proposal:
    """Get a proposal. Raises NotFound, or PreconditionFailed if `expected` is not its version."""
    return store.get(Proposal, PROPOSAL.key(org=caller.org_id, id=proposal_id), expected=expected)


def get_history(caller: Caller, proposal_id: str) -> list[HistoryEntry]:
    """The history of a proposal, oldest first. Raises NotFound."""
    return store.list_history(get_proposal(caller, proposal_id).key())


def list_proposals(caller: Caller, query: ProposalQuery) -> Page[Proposal]:
    """List proposals, newest first."""
    where = {"status": query.status.value} if query.status else None
    if query.client_id is not None:
        partition = OF_CLIENT.partition(org=caller.org_id, client=query.client_id)
        return query_page(Proposal, OF_CLIENT, [partition], query, where=where, descending=True)
    if query.status is not None:
        return query_by_month(Proposal, BY_STATUS, caller, query, status=query.status.value)
    return query_by_month(Proposal, BY_MONTH, caller, query)


def update_proposal(
    caller: Caller, proposal_id: str, changes: PartialUpdate[ProposalFields], expected: int | None
) -> Proposal:
    """Update a proposal. One that was sent or has expired becomes a draft, whose link is not valid.

    Raises InvalidStatusTransition if it was answered or withdrawn, and the same errors as `create_proposal`.
    """
    before = get_proposal(caller, proposal_id, expected=expected)
    TRANSITIONS.require(before.status, ProposalStatus.DRAFT)
    if "valid_until" in changes:
        _require_valid_until(changes.fields["valid_until"])
    fields = dict(changes.fields)
    currency = before.currency
    if "items" in changes:
        items: Sequence[ProposalItemInput] = fields.pop("items")
        charters = store.find_many(Charter, [CHARTER.key(org=caller.org_id, id=item.charter_id) for item in items])
        by_id = {charter.id: charter for charter in charters.values()}
        found = _require_quotes(before.client_id, items, by_id)
        fields["items"], currency = _build_items(items, found.charters), found.currency
    edited = apply_changes(before, PartialUpdate(fields))
    if all(getattr(edited, name) == getattr(before, name) for name in (*ProposalFields.model_fields, "items")):
        return before
    after = edited.model_copy(update={"status": ProposalStatus.DRAFT, "currency": currency})
    store.commit(caller, Update(before, after, [ProposalUpdated(**event_fields(after))]))
    return after


def delete_proposal(caller: Caller, proposal_id: str, expected: int | None) -> None:
    """Delete a draft that was never sent, with its texts and those in its history. Raises ProposalNotDeletable."""
    before = get_proposal(caller, proposal_id, expected=expected)
    if before.sent_at is not None:
        raise ProposalNotDeletable("The client has received this proposal. Withdraw it instead.")
    # Deleted records are in no list, so the erasure of the client would not find the texts.
    erase_partition(caller, Redaction(before.client_id), before.key().pk, [Proposal], record=before)
    redacted = get_proposal(caller, proposal_id)
    deleted = redacted.model_copy(update={"deleted_at": clock.now()})
    store.commit(caller, Update(redacted, deleted, [ProposalDeleted(**event_fields(redacted))]))


def withdraw_proposal(caller: Caller, proposal_id: str, expected: int | None) -> Proposal:
    """Withdraw a proposal, so that its link is not valid. Its quotes stay open. Raises InvalidStatusTransition."""
    before = get_proposal(caller, proposal_id, expected=expected)
    TRANSITIONS.require(before.status, ProposalStatus.WITHDRAWN)
    after = before.model_copy(update={"status": ProposalStatus.WITHDRAWN})
    store.commit(caller, Update(before, after, [ProposalWithdrawn(**event_fields(after))]))
    return after


def _require_valid_until(valid_until: datetime) -> None:
    now = clock.now()
    if not now < valid_until <= now + _MAX_VALIDITY:
        raise errors.Invalid.field("valid_until", "must be in the future, at most a year ahead")


def _find_charters(
    caller: Caller, items: Sequence[ProposalItemInput], records: store.BatchResult
) -> dict[str, Charter]:
    found = [records.find(Charter, CHARTER.key(org=caller.org_id, id=item.charter_id)) for item in items]
    return {charter.id: charter for charter in found if charter is not None}


def _require_quotes(
    client_id: str, items: Sequence[ProposalItemInput], charters: Mapping[str, Charter]
) -> _ItemCharters:
    """Return the charters of items. Raises an error unless all are quotes of the client, in one currency."""
    for item in items:
        charter = charters.get(item.charter_id)
        if charter is None:
            raise errors.NotFound(f"The charter {item.charter_id} was not found.")
        if charter.client_id != client_id:
            raise CharterOfOtherClient(f"The charter {charter.number} belongs to another client.")
        if charter.status is not CharterStatus.QUOTE:
            raise QuoteNotSendable(f"The charter {charter.number} is {charter.status}. Only a quote can be proposed.")
    currencies = sorted({charters[item.charter_id].quote.currency for item in items})
    if len(currencies) > 1:
        raise CurrenciesDiffer(f"The quotes are in {' and '.join(currencies)}.")
    return _ItemCharters(charters, currencies[0])


def _build_items(items: Sequence[ProposalItemInput], charters: Mapping[str, Charter]) -> list[ProposalItem]:
    return [freeze_item(item, charters[item.charter_id]) for item in items]


def freeze_item(item: ProposalItemInput, charter: Charter) -> ProposalItem:
    """The item with the current revision of its charter."""
    return ProposalItem(
        charter_id=charter.id,
        label=item.label,
        charter_number=charter.number,
        revision_number=charter.revision_number,
        quote_id=charter.quote.id,
        total=charter.quote.total,
    )


def _sequence_name(year: int) -> str:
    return f"proposal-{year}"
