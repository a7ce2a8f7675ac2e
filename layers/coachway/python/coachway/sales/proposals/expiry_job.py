"""Timer that expires proposals that were not answered in time. Their quotes stay open, and can be proposed again."""

from datetime import datetime
from typing import Final

from coachway.contracts.proposals import ProposalExpired
from coachway.core import hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.schemas import BaseSchema
from coachway.sales.proposals.event_payloads import event_fields
from coachway.sales.proposals.model import DUE, Proposal
from coachway.sales.proposals.rules import ProposalStatus

_TIMER: Final = "proposal-expiry"


class ExpiryResult(BaseSchema):
    """Number of proposals that expired, and of those that failed and are retried."""

    expired: int = 0
    failed: int = 0


def run() -> ExpiryResult:
    """Expire every proposal that is due. Handling one again has no effect."""
    return ExpiryResult(**hourly_sweep.sweep(_TIMER, Proposal, DUE, _expire_proposal))


def _expire_proposal(entry: Proposal, now: datetime) -> str:
    caller = Caller.system(_TIMER, entry.org_id)
    proposal = store.find(Proposal, entry.key())
    if proposal is None or proposal.status is not ProposalStatus.SENT or proposal.valid_until > now:
        return ""
    after = proposal.model_copy(update={"status": ProposalStatus.EXPIRED})
    store.commit(caller, Update(proposal, after, [ProposalExpired(**event_fields(after))]))
    return "expired"
