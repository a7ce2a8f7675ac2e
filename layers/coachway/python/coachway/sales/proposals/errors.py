"""Errors of proposals."""

from coachway.core import errors


class CharterOfOtherClient(errors.Conflict):
    """All charters of a proposal must belong to its client."""

    code = "charter_of_other_client"
    title = "A charter belongs to another client"


class CurrenciesDiffer(errors.Conflict):
    """All quotes of a proposal must be in the same currency. Quote the trips again in one currency."""

    code = "currencies_differ"
    title = "The quotes are in different currencies"


class ProposalNotDeletable(errors.Conflict):
    """Only a proposal that was never sent can be deleted. Withdraw it instead."""

    code = "proposal_not_deletable"
    title = "The proposal cannot be deleted"


class ValidityPassed(errors.Conflict):
    """Set `valid_until` to a later time before sending the proposal."""

    code = "validity_passed"
    title = "The proposal is no longer valid"


class ProposalAlreadyAnswered(errors.Conflict):
    """The proposal was accepted or declined. To change the answer, contact the organization."""

    code = "proposal_already_answered"
    title = "The proposal is already answered"


class ProposalLinkExpired(errors.Conflict):
    """The proposal can no longer be answered. Ask the organization for a new one."""

    code = "proposal_expired"
    title = "The proposal has expired"


class ProposalRevised(errors.Conflict):
    """The proposal was changed after the client read it. Read the current revision, then answer it."""

    code = "proposal_revised"
    title = "The proposal was revised"


class ProposalOutdated(errors.Conflict):
    """A quote of the proposal was changed, closed or accepted since the proposal was sent. Read the proposal again."""

    code = "proposal_outdated"
    title = "This choice is no longer possible"


class ProposalLinkReplaced(errors.NotFound):
    """The proposal was sent again, so this link is no longer valid. Use the link in the latest message."""

    code = "proposal_link_replaced"
    title = "The link of the proposal was replaced by a newer one"


class ProposalBeingRevised(ProposalLinkReplaced):
    """The proposal was edited and not sent again yet, so no link to it is valid.

    Send it again, or as its client, contact the organization.
    """

    code = "proposal_being_revised"
    title = "The proposal is being revised"


class ProposalWithdrawn(ProposalLinkReplaced):
    """The organization has withdrawn the proposal. As its client, contact the organization."""

    code = "proposal_withdrawn"
    title = "The proposal was withdrawn"
