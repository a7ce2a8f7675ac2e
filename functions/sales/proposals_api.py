"""Routes of proposals."""

from coachway.bookings.errors import (
    ClientInactive,
    ClientRemoved,
    DeparturePassed,
    QuoteAlreadyAccepted,
    QuoteIncomplete,
    QuoteNotSendable,
)
from coachway.clients.errors import CreditLimitExceeded
from coachway.core import errors
from coachway.core.auth.signed_links import Token
from coachway.core.caller import Caller
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.core.persistence.domain_events import HistoryEntry
from coachway.core.schemas import Page, PartialUpdate
from coachway.pricing.errors import PromoCodeUsedUp, QuoteNotBookable
from coachway.sales.proposals import answers, schemas, service
from coachway.sales.proposals.answers import AcceptProposalInput, DeclineProposalInput, ProposalAnswer
from coachway.sales.proposals.errors import (
    CharterOfOtherClient,
    CurrenciesDiffer,
    ProposalAlreadyAnswered,
    ProposalBeingRevised,
    ProposalLinkExpired,
    ProposalLinkReplaced,
    ProposalNotDeletable,
    ProposalOutdated,
    ProposalRevised,
    ProposalWithdrawn,
    ValidityPassed,
)
from coachway.sales.proposals.model import (
    NewProposal,
    Proposal,
    ProposalFields,
    ProposalId,
    ProposalQuery,
    SentProposal,
)
from coachway.sales.proposals.schemas import ProposalView

api = ApiRouter("sales", "Leads, and proposals of several quotes.", health=False)
app = api.app

ITEM_ERRORS = (errors.NotFound, CharterOfOtherClient, CurrenciesDiffer, QuoteNotSendable)
ANSWER_ERRORS = (errors.NotFound, ProposalAlreadyAnswered, ProposalLinkExpired, ProposalRevised)


@api.post("/sales/proposals", permission="sales:write", status=201, errors=ITEM_ERRORS)
def create_proposal(caller: Caller, body: NewProposal) -> Proposal:
    """Create a proposal.

    A proposal offers a client one to ten quotes, which are charters in the status `quote`: alternatives of which it
    chooses one, or parts of which it chooses any or takes all. The client sees it when it is sent.
    """
    return service.create_proposal(caller, body)


@api.get("/sales/proposals", permission="sales:read")
def list_proposals(caller: Caller, query: ProposalQuery) -> Page[Proposal]:
    """List proposals, newest first.

    Filter by status and client.
    """
    return service.list_proposals(caller, query)


@api.get("/sales/proposals/{proposal_id}", permission="sales:read")
def get_proposal(caller: Caller, proposal_id: ProposalId) -> Proposal:
    """Get a proposal.

    After its acceptance, `outcome` of each item says what became of the quote.
    """
    return service.get_proposal(caller, proposal_id)


@api.get("/sales/proposals/{proposal_id}/history", permission="sales:read")
def get_proposal_history(caller: Caller, proposal_id: ProposalId) -> Page[HistoryEntry]:
    """List the changes to a proposal.

    Each entry shows who changed which fields, and when.
    """
    return Page(items=service.get_history(caller, proposal_id))


@api.put(
    "/sales/proposals/{proposal_id}", permission="sales:write", errors=(*ITEM_ERRORS, errors.InvalidStatusTransition)
)
def update_proposal(
    caller: Caller, proposal_id: ProposalId, body: PartialUpdate[ProposalFields], if_match: int | None
) -> Proposal:
    """Update a proposal.

    Omitted fields keep their values. A proposal that was sent or has expired becomes a draft again: the link that the
    client has is not valid until you send the proposal again, which sends a new one.
    """
    return service.update_proposal(caller, proposal_id, body, if_match)


@api.delete("/sales/proposals/{proposal_id}", permission="sales:write", errors=(ProposalNotDeletable,))
def delete_proposal(caller: Caller, proposal_id: ProposalId, if_match: int | None) -> None:
    """Delete a proposal.

    A proposal that was sent cannot be deleted; withdraw it instead.
    """
    service.delete_proposal(caller, proposal_id, if_match)


@api.post(
    "/sales/proposals/{proposal_id}/send",
    permission="sales:write",
    errors=(
        errors.InvalidStatusTransition,
        CharterOfOtherClient,
        ClientInactive,
        CurrenciesDiffer,
        DeparturePassed,
        QuoteAlreadyAccepted,
        QuoteIncomplete,
        QuoteNotSendable,
        ValidityPassed,
        errors.RateLimited,
    ),
)
def send_proposal(caller: Caller, proposal_id: ProposalId, if_match: int | None) -> SentProposal:
    """Send a proposal to the client.

    Emails a link to the page on which the client compares and chooses. It offers the current revisions of the quotes,
    with the current cancellation policy and terms. Every quote must be sendable by itself; the error names the one that
    is not. Links that were sent before are no longer valid.
    """
    from coachway.sales.proposals import sending  # imported late: pricing slows cold starts

    return sending.send_proposal(caller, proposal_id, if_match)


@api.post("/sales/proposals/{proposal_id}/withdraw", permission="sales:write", errors=(errors.InvalidStatusTransition,))
def withdraw_proposal(caller: Caller, proposal_id: ProposalId, if_match: int | None) -> Proposal:
    """Withdraw a proposal.

    Its link is no longer valid. Its quotes stay open, and can be sent or proposed again.
    """
    return service.withdraw_proposal(caller, proposal_id, if_match)


@api.get(
    "/proposals/{proposal_token}",
    permission=PUBLIC,
    errors=(errors.NotFound, ProposalBeingRevised, ProposalLinkReplaced, ProposalWithdrawn),
)
def get_proposal_by_link(proposal_token: Token) -> ProposalView:
    """Get a proposal by its link.

    Shows each quote as it is now; `choosable` lists those that can be accepted. Returns `proposal_being_revised` if it
    was edited and not sent again yet, `proposal_withdrawn`, or `proposal_link_replaced` if there is a newer link.
    """
    return schemas.get_proposal_view(proposal_token)


@api.post(
    "/proposals/{proposal_token}/accept",
    permission=PUBLIC,
    errors=(
        *ANSWER_ERRORS,
        ClientRemoved,
        CreditLimitExceeded,
        PromoCodeUsedUp,
        ProposalOutdated,
        QuoteNotBookable,
    ),
)
def accept_proposal(caller: Caller, proposal_token: Token, body: AcceptProposalInput) -> ProposalAnswer:
    """Accept quotes of a proposal by its link.

    Accepts exactly the chosen quotes, all or none, and declines the others that are still open. `revision_number` is
    the revision of the proposal that the client has read. A quote with a deposit keeps the status `quote` until the
    deposit is paid at its `url`. Repeating the same choice returns the first answer.
    """
    return answers.accept_proposal(caller, proposal_token, body)


@api.post("/proposals/{proposal_token}/decline", permission=PUBLIC, errors=ANSWER_ERRORS)
def decline_proposal(caller: Caller, proposal_token: Token, body: DeclineProposalInput) -> ProposalAnswer:
    """Decline a proposal by its link.

    Declines all of its quotes that are still open.
    """
    return answers.decline_proposal(caller, proposal_token, body)
