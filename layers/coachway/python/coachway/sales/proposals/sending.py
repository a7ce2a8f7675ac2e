"""Sending a proposal: every quote must be sendable by itself, and gets the current terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coachway.bookings.charters import agreed_terms, drafting
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterChanged, CharterStatus
from coachway.bookings.errors import DeparturePassed, QuoteAlreadyAccepted, QuoteIncomplete, QuoteNotSendable
from coachway.clients.model import Client
from coachway.contracts.proposals import ProposalSent
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Op, Update
from coachway.core.runtime import clock, settings
from coachway.identity import message_limits
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.identity.secrets import hashing
from coachway.pricing import quote_acceptance
from coachway.pricing.quote_model import QUOTE, Quote
from coachway.sales.proposals.errors import CharterOfOtherClient, CurrenciesDiffer, ValidityPassed
from coachway.sales.proposals.event_payloads import list_trips, mail_event_fields
from coachway.sales.proposals.links import PURPOSE
from coachway.sales.proposals.model import Proposal, SentProposal
from coachway.sales.proposals.rules import TRANSITIONS, ProposalStatus
from coachway.sales.proposals.service import freeze_item, get_proposal


@dataclass(frozen=True, slots=True)
class _Shipment:
    """What a proposal is sent with."""

    client: Client
    organization: Organization
    charters: Mapping[str, Charter]
    quotes: Mapping[str, Quote]


def send_proposal(caller: Caller, proposal_id: str, expected: int | None) -> SentProposal:
    """Send the client a link to the proposal with the current revisions of its quotes; invalidate earlier links.

    Raises InvalidStatusTransition, ValidityPassed, ClientInactive, RateLimited, CharterOfOtherClient, CurrenciesDiffer,
    or the error of a quote that cannot be sent: QuoteNotSendable, QuoteAlreadyAccepted, DeparturePassed,
    QuoteIncomplete.
    """
    return send_loaded_proposal(caller, get_proposal(caller, proposal_id, expected=expected))


def send_loaded_proposal(caller: Caller, before: Proposal) -> SentProposal:
    """Send a proposal that was read before. Raises the same errors as `send_proposal`."""
    TRANSITIONS.require(before.status, ProposalStatus.SENT)
    now = clock.now()
    if before.valid_until <= now:
        raise ValidityPassed(f"It was valid until {before.valid_until.isoformat()}.")
    shipment = _load_shipment(caller, before)
    for item in before.items:
        _require_sendable(before, shipment.charters.get(item.charter_id), item.charter_number, now)
    client = drafting.require_active_client(shipment.client)
    after = before.model_copy(
        update={
            "status": ProposalStatus.SENT,
            "items": [freeze_item(item, shipment.charters[item.charter_id]) for item in before.items],
            "salesperson_id": _find_salesperson_id(before, shipment.charters),
            "revision_number": before.revision_number + 1,
            "sent_at": now,
            "nonce": signed_links.new_nonce(),
            "address_digest": hashing.address_digest(client.email),
        }
    )
    trips = list_trips(after, shipment.charters, range(1, len(after.items) + 1))
    event = ProposalSent(**mail_event_fields(after, client, trips), text=after.text, valid_until=after.valid_until)
    response = _build_sent_proposal(after)
    ops: list[Op] = [Update(before, after, [event])]
    for charter in shipment.charters.values():
        ops += _mark_sent_ops(charter, shipment, after.valid_until, now)
    ops += message_limits.message_ops(shipment.organization, "quote", client.email)
    store.commit(caller, *ops, response=response)
    return response


def _load_shipment(caller: Caller, proposal: Proposal) -> _Shipment:
    client_key, organization_key = (
        CLIENT.key(org=caller.org_id, id=proposal.client_id),
        ORGANIZATIONS.key(org=caller.org_id),
    )
    charter_keys = [CHARTER.key(org=caller.org_id, id=item.charter_id) for item in proposal.items]
    records = store.batch_get([client_key, organization_key, *charter_keys])
    charters = [records.find(Charter, key) for key in charter_keys]
    by_id = {charter.id: charter for charter in charters if charter is not None}
    quote_keys = [QUOTE.key(org=caller.org_id, id=charter.quote.id) for charter in by_id.values()]
    quotes = {quote.id: quote for quote in store.find_many(Quote, quote_keys).values()}
    return _Shipment(records.get(Client, client_key), records.get(Organization, organization_key), by_id, quotes)


def _find_salesperson_id(proposal: Proposal, charters: Mapping[str, Charter]) -> str | None:
    """The salesperson of the first charter that has one."""
    salespeople = (charters[item.charter_id].salesperson_id for item in proposal.items)
    return next((each for each in salespeople if each is not None), None)


def _require_sendable(proposal: Proposal, charter: Charter | None, number: str, now: datetime) -> None:
    """Raise an error, which names the charter, unless the client may see and accept its quote."""
    if charter is None:
        raise QuoteNotSendable(f"The charter {number} was deleted. Remove it from the proposal.")
    if charter.client_id != proposal.client_id:
        raise CharterOfOtherClient(f"The charter {number} belongs to another client now.")
    if charter.status is not CharterStatus.QUOTE:
        raise QuoteNotSendable(f"The charter {number} is {charter.status}. Remove it from the proposal.")
    if charter.is_accepted:
        raise QuoteAlreadyAccepted(f"The client has accepted the quote {number}. Remove it from the proposal.")
    if charter.starts_at <= now:
        raise DeparturePassed(f"Change the times of {number} before sending the proposal.")
    if charter.quote.currency != proposal.currency:
        raise CurrenciesDiffer(f"The quote {number} is in {charter.quote.currency} now, not {proposal.currency}.")
    reasons = charter.quote.preventing_sending
    if reasons:
        detail = " ".join(reason.message for reason in reasons)
        raise QuoteIncomplete(f"{number}: {detail}", fields=[reason.field_error for reason in reasons])


def _mark_sent_ops(charter: Charter, shipment: _Shipment, valid_until: datetime, now: datetime) -> list[Op]:
    """Operations that mark a quote as sent, with the terms that the client is shown now.

    A quote that was also sent by its own link stays valid at least as long as the proposal.
    """
    changes: dict[str, Any] = {
        "quote_sent_at": now,
        **agreed_terms.current_terms(shipment.client, shipment.organization),
    }
    if charter.quote_expires_at is not None:
        changes["quote_expires_at"] = max(charter.quote_expires_at, min(valid_until, charter.starts_at))
    ops: list[Op] = [Update(charter, charter.model_copy(update=changes), on_stale=CharterChanged())]
    quote = shipment.quotes.get(charter.quote.id)
    if quote is not None and quote.status == "calculated":
        ops.append(quote_acceptance.set_status_op(quote, "sent"))
    return ops


def _build_sent_proposal(proposal: Proposal) -> SentProposal:
    token = signed_links.create_link_token(PURPOSE, proposal.org_id, proposal.id, proposal.nonce)
    return SentProposal(
        token=token,
        url=f"{settings.public_url()}/pages/proposals/{token}",
        valid_until=proposal.valid_until,
        revision_number=proposal.revision_number,
    )
