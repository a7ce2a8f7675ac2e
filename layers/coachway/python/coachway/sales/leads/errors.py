"""Errors of leads."""

from coachway.core import errors


class LostReasonRequired(errors.Conflict):
    """A lead becomes dead with a `lost_reason`. Send one of its values together with the status."""

    code = "lost_reason_required"
    title = "A dead lead needs a reason"


class LeadNeedsConversion(errors.Conflict):
    """A lead becomes converted only together with its client and booking. Use `POST /sales/leads/{lead_id}/convert`."""

    code = "lead_needs_conversion"
    title = "The lead must be converted"


class ClientEmailTaken(errors.Conflict):
    """A client with this email address exists. Send its `client_id`, or another email address for the new client."""

    code = "client_email_taken"
    title = "Another client has this email address"


class LeadMerged(errors.Conflict):
    """The lead was merged into another one, and does not change any more. Use the lead of `merged_into_id`."""

    code = "lead_merged"
    title = "The lead was merged into another"


class OtherOpenLead(errors.Conflict):
    """Another open lead of the last 30 days has this email or phone number. Merge the two leads."""

    code = "other_open_lead"
    title = "Another open lead has this contact"


class LeadHasClient(errors.Conflict):
    """The lead belongs to a client. Erase the client: its leads are erased with it."""

    code = "lead_has_client"
    title = "The lead belongs to a client"


class LeadsNotMergeable(errors.Conflict):
    """These two leads cannot be merged: they are the same, converted to different bookings, or of different clients."""

    code = "leads_not_mergeable"
    title = "The leads cannot be merged"
