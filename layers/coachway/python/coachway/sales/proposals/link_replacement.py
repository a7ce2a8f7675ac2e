"""Replaces the links to a client's proposals when its email changes; unanswered proposals are sent again."""

from collections.abc import Mapping
from typing import Final

from coachway.clients.model import Client
from coachway.contracts.clients import ClientUpdated
from coachway.contracts.proposals import ProposalUpdated
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.retry import retry_on_conflict
from coachway.identity.secrets import hashing
from coachway.sales.proposals.event_payloads import event_fields
from coachway.sales.proposals.model import OF_CLIENT, Proposal
from coachway.sales.proposals.rules import ProposalStatus


def on_client_updated(caller: Caller, delivery: Delivery) -> None:
    """Replace the client's links that were sent to another email. Safe to repeat: replaced links are skipped."""
    if not delivery.parse(ClientUpdated).email_changed:
        return
    client = store.find(Client, CLIENT.key(org=caller.org_id, id=delivery.aggregate_id))
    if client is None:
        return
    partition = OF_CLIENT.partition(org=caller.org_id, client=client.id)
    for proposal in query_all(Proposal, partition, index=OF_CLIENT.index, descending=True):
        if proposal.nonce and not proposal.is_sent_to(client.email):
            _replace_link(caller, proposal, client.email)


@retry_on_conflict
def _replace_link(caller: Caller, entry: Proposal, email: str) -> None:
    """Send an unanswered proposal again, or make it a draft if that is not possible. Replace the links of others."""
    proposal = store.find(Proposal, entry.key())
    if proposal is None or proposal.is_sent_to(email):
        return
    if proposal.status is ProposalStatus.SENT:
        # Imported late: other events of the consumer do not need pricing.
        from coachway.sales.proposals import sending

        try:
            sending.send_loaded_proposal(caller, proposal)
        except errors.ConcurrentUpdate:
            raise
        except (errors.Conflict, errors.RateLimited):
            draft = proposal.model_copy(update={"status": ProposalStatus.DRAFT, **_new_link(email)})
            store.commit(caller, Update(proposal, draft, [ProposalUpdated(**event_fields(draft))]))
    else:
        store.commit(caller, Update(proposal, proposal.model_copy(update=_new_link(email))))


def _new_link(email: str) -> dict[str, str]:
    """The fields of a link that nobody has."""
    return {"nonce": signed_links.new_nonce(), "address_digest": hashing.address_digest(email)}


CONSUMERS: Final[Mapping[str, Consumer]] = {ClientUpdated.TYPE: on_client_updated}
