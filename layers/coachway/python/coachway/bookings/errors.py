"""Errors of charters and quotes."""

from coachway.core import errors


class ConcurrentSend(errors.ConcurrentUpdate):
    """Another request sent the quote, or created its link, at the same time."""

    def __init__(self) -> None:
        super().__init__("This quote is being sent by another request. Read it before sending it again.")


class ChangeCaseRequired(errors.Conflict):
    """The client has agreed to the price, times and stops of a booked charter, so they cannot be changed.

    To change the trip, clone the charter, change the copy and send its quote. Then cancel the original charter.
    """

    code = "change_case_required"
    title = "The trip of a booked charter cannot be changed"


class CharterClosed(errors.Conflict):
    """A charter that is completed, cancelled, declined or expired cannot be changed. Clone it to quote it again."""

    code = "charter_closed"
    title = "The charter is closed"


class CharterNotDeletable(errors.Conflict):
    """Only a charter with the status `quote`, `declined`, `expired` or `cancelled` can be deleted. Cancel it first."""

    code = "charter_not_deletable"
    title = "The charter cannot be deleted"


class CharterPartlyPaid(errors.Conflict):
    """A client cannot decline a quote with payments. Cancel the charter to refund them."""

    code = "charter_partly_paid"
    title = "Part of the price is already paid"


class ClientHasUpcomingTrips(errors.Conflict):
    """The client has charters that are booked, confirmed or in progress. Complete or cancel them first."""

    code = "client_has_upcoming_trips"
    title = "The client has upcoming trips"


class ClientInactive(errors.Conflict):
    """Set the client's status to `active` to quote new charters."""

    code = "client_inactive"
    title = "The client is inactive"


class ClientPaysByInvoice(errors.Conflict):
    """A client with payment terms pays after the trip, so no instalments can be set.

    Change the client's payment terms first.
    """

    code = "client_pays_by_invoice"
    title = "The client pays by invoice"


class ClientRemoved(errors.Conflict):
    """The quote's client was deleted, so the quote cannot be booked. Quote the trip for another client."""

    code = "client_removed"
    title = "The client was removed"


class DeparturePassed(errors.Conflict):
    """Change the charter's times before sending the quote."""

    code = "departure_passed"
    title = "The departure is in the past"


class DepositAlreadyCovered(errors.Conflict):
    """With the new schedule, the client has already paid the deposit. Book the charter instead."""

    code = "deposit_already_covered"
    title = "The payments already cover the deposit"


class DocumentsNotInOrder(errors.Conflict):
    """A vendor, driver, vehicle or the organization lacks a valid document. `errors` lists them.

    Documents must be valid through the last day of the trip.
    """

    code = "documents_not_in_order"
    title = "Required documents are missing or expired"


class InstalmentDateRequired(errors.Conflict):
    """The charter is booked, so every unpaid instalment needs a due date. Set `due_on` of these instalments."""

    code = "instalment_date_required"
    title = "Unpaid instalments need a due date"


class InstalmentEarlierThanAgreed(errors.Conflict):
    """The client has accepted later due dates or smaller instalments, and can be charged by them automatically.

    Set the same dates, or later ones. The client can pay earlier at any time.
    """

    code = "instalment_earlier_than_agreed"
    title = "An instalment is due earlier than the client agreed"


class PaymentScheduleAccepted(errors.Conflict):
    """An accepted payment schedule can be replaced, but not removed. Set at least one instalment."""

    code = "payment_schedule_accepted"
    title = "The client has accepted the payment schedule"


class QuoteAlreadyAccepted(errors.Conflict):
    """The quote cannot be accepted again. Paying the deposit books the trip."""

    code = "quote_already_accepted"
    title = "The quote is already accepted"


class QuoteAlreadyAnswered(errors.Conflict):
    """The quote was booked, declined or cancelled. To change the answer, contact the organization."""

    code = "quote_already_answered"
    title = "The quote is already answered"


class QuoteLinkExpired(errors.Conflict):
    """The quote can no longer be answered. Ask the organization for a new one."""

    code = "quote_expired"
    title = "The quote has expired"


class QuoteLinkReplaced(errors.NotFound):
    """The quote was sent again, so this link is no longer valid. Use the link in the latest message."""

    code = "quote_link_replaced"
    title = "The link was replaced by a newer one"


class QuoteBeingRevised(QuoteLinkReplaced):
    """The quote was changed and the new version is not sent yet, so no link to it is valid.

    Send the quote again, or as its client, contact the organization.
    """

    code = "quote_being_revised"
    title = "The quote is being revised"


class QuoteWithdrawn(QuoteLinkReplaced):
    """The quote was changed, and then cancelled, declined or expired before the new version was sent.

    No link to it is valid. As the client, contact the organization.
    """

    code = "quote_withdrawn"
    title = "The quote was withdrawn"


class QuoteIncomplete(errors.Conflict):
    """The quote has no rate, an unknown vehicle class, or too few seats. `errors` lists every reason.

    Correct the trip, the pricing rules or the organization's `vehicle_classes`. Then update the charter, which prices
    it again. With the permission `pricing:override`, `PUT /charters/{charter_id}/price-adjustments` sets an all-in
    price or accepts the warnings.
    """

    code = "quote_incomplete"
    title = "The quote cannot be sent as it is"


class QuoteNotSendable(errors.Conflict):
    """Only a charter with the status `quote` can be sent to its client. Clone the charter to send a new quote."""

    code = "quote_not_sendable"
    title = "There is no quote to send"


class QuoteRevised(errors.Conflict):
    """The quote was revised after the client read it. Read the current revision, then answer it."""

    code = "quote_revised"
    title = "The quote was revised"


class VehiclesAwarded(errors.Conflict):
    """Vendors were awarded vehicles of this charter for the current trip. Release their bids before changing it."""

    code = "vehicles_awarded"
    title = "Vehicles of the charter are awarded to vendors"


class VehiclesHaveDrivers(errors.Conflict):
    """Release the assignments of the vendor's vehicles first."""

    code = "vehicles_have_drivers"
    title = "The vendor's vehicles have drivers assigned"


class VehiclesUncovered(errors.Conflict):
    """Assign or award every vehicle first, or have someone with `charters:override` set the status with a reason."""

    code = "vehicles_uncovered"
    title = "Some vehicles have no driver or vendor"
