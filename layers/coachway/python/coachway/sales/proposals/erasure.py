"""Erasure of the proposals of an erased client: texts and names are removed; dates and amounts stay."""

from typing import Final

from coachway.contracts.proposals import ProposalWithdrawn
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.erasure.redaction import Redaction
from coachway.erasure.service import RecordList, erase_partition
from coachway.sales.proposals.event_payloads import event_fields
from coachway.sales.proposals.model import OF_CLIENT, Proposal
from coachway.sales.proposals.rules import TRANSITIONS, ProposalStatus


@retry_on_conflict
def _erase_proposal(caller: Caller, client_id: str, entry: Proposal) -> None:
    proposal = store.find(Proposal, entry.key())
    if proposal is None:
        return
    # Withdrawn first: the event must not list the erased values as changes.
    if TRANSITIONS.allows(proposal.status, ProposalStatus.WITHDRAWN):
        withdrawn = proposal.model_copy(update={"status": ProposalStatus.WITHDRAWN})
        store.commit(caller, Update(proposal, withdrawn, [ProposalWithdrawn(**event_fields(withdrawn))]))
        proposal = withdrawn
    erase_partition(caller, Redaction(client_id), proposal.key().pk, [Proposal], record=proposal)


LISTS_OF_CLIENT: Final = (RecordList(Proposal, OF_CLIENT, _erase_proposal),)
"""The proposals of a client."""
