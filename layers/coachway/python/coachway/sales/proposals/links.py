"""The secure link to a proposal, and what it shows: the proposal with its charters as they are now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from coachway.bookings.charters import booking_contact
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.quote_link import LINK, QuoteLink
from coachway.bookings.charters.rules import CharterStatus
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.sales.proposals.errors import ProposalBeingRevised, ProposalLinkReplaced, ProposalWithdrawn
from coachway.sales.proposals.model import PROPOSAL, Proposal, ProposalItem
from coachway.sales.proposals.rules import ItemState, ProposalStatus

PURPOSE = "proposal"
"""The purpose of the signed link to a proposal."""

_CLOSED = frozenset({CharterStatus.DECLINED, CharterStatus.EXPIRED, CharterStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class LinkedProposal:
    """The proposal of a valid link, with the records that it is about. `client` is None if it was removed."""

    proposal: Proposal
    organization: Organization
    client: Client | None
    charters: Mapping[str, Charter]
    """By id, without deleted ones."""
    records: store.BatchResult

    @property
    def states(self) -> dict[int, ItemState]:
        """The states of the items, by their numbers."""
        now = clock.now()
        return {
            number: item_state(self.proposal, item, self.charters.get(item.charter_id), now)
            for number, item in self.proposal.numbered_items
        }

    def find_charter(self, number: int) -> Charter | None:
        """The charter of an item, or None if it was deleted."""
        return self.charters.get(self.proposal.items[number - 1].charter_id)

    def link_nonce(self, charter_id: str) -> str:
        """The nonce of the link to a charter's page; empty if there is none."""
        link = self.records.find(QuoteLink, LINK.key(org=self.proposal.org_id, charter=charter_id))
        return link.nonce if link else ""


def item_state(proposal: Proposal, item: ProposalItem, charter: Charter | None, now: datetime) -> ItemState:
    """What has become of a quote since the proposal was sent."""
    if charter is None or charter.status in _CLOSED:
        return ItemState.CLOSED
    if charter.revision_number != item.revision_number or charter.client_id != proposal.client_id:
        return ItemState.CHANGED
    if charter.is_accepted or charter.status is not CharterStatus.QUOTE:
        return ItemState.ACCEPTED
    if charter.starts_at <= now or (charter.quote_expires_at is not None and charter.quote_expires_at <= now):
        return ItemState.CLOSED
    return ItemState.BLOCKED if charter.quote.blocking else ItemState.OPEN


def open_link(token: str, *, to_answer: bool = False) -> LinkedProposal:
    """Load the proposal of a link in two reads. `to_answer` it, `records` have the quotes and contacts too.

    Raises NotFound for a forged token, ProposalBeingRevised, ProposalWithdrawn, or ProposalLinkReplaced if there is a
    newer link or the client's email has changed since the link was sent.
    """
    parsed = signed_links.verify_link_token(PURPOSE, "prop", token)
    proposal = store.find(Proposal, PROPOSAL.key(org=parsed.org_id, id=parsed.subject_id))
    if proposal is None or not proposal.nonce:
        raise errors.NotFound("This proposal no longer exists.")
    if proposal.nonce != parsed.nonce:
        raise ProposalLinkReplaced(
            "This link is for an earlier version of the proposal. Use the link in the latest message."
        )
    if proposal.status is ProposalStatus.DRAFT:
        raise ProposalBeingRevised("The proposal is being revised. The new version has not been sent yet.")
    if proposal.status is ProposalStatus.WITHDRAWN:
        raise ProposalWithdrawn("We have withdrawn this proposal. Ask us for a new one.")
    linked = load_linked_proposal(proposal, _quote_keys(proposal) if to_answer else ())
    if to_answer:
        linked = _add_contacts(linked)
    if linked.client is not None and not proposal.is_sent_to(linked.client.email):
        raise ProposalLinkReplaced("The address that this link was sent to has changed. Ask us for a new link.")
    return linked


def load_linked_proposal(proposal: Proposal, more_keys: Iterable[Key] = ()) -> LinkedProposal:
    """Load the records that a proposal is about, in one read."""
    org_id = proposal.org_id
    client_key, organization_key = CLIENT.key(org=org_id, id=proposal.client_id), ORGANIZATIONS.key(org=org_id)
    charter_keys = [CHARTER.key(org=org_id, id=item.charter_id) for item in proposal.items]
    link_keys = [LINK.key(org=org_id, charter=item.charter_id) for item in proposal.items]
    records = store.batch_get([client_key, organization_key, *charter_keys, *link_keys, *more_keys])
    charters = [records.find(Charter, key) for key in charter_keys]
    return LinkedProposal(
        proposal=proposal,
        organization=records.get(Organization, organization_key),
        client=records.find(Client, client_key),
        charters={charter.id: charter for charter in charters if charter is not None},
        records=records,
    )


def _quote_keys(proposal: Proposal) -> list[Key]:
    # Imported late: showing a proposal does not need it.
    from coachway.pricing.quote_model import QUOTE

    return [QUOTE.key(org=proposal.org_id, id=item.quote_id) for item in proposal.items]


def _add_contacts(linked: LinkedProposal) -> LinkedProposal:
    """Add the contacts of the charters, which are known only now, to the records."""
    keys = [booking_contact.contact_key(charter) for charter in linked.charters.values() if charter.contact_id]
    if not keys:
        return linked
    contacts = store.batch_get(keys)
    return replace(linked, records=store.BatchResult({**linked.records.items, **contacts.items}))
