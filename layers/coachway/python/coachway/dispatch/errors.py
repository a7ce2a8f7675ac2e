"""Errors of dispatch: why an assignment, a duty action, a recovery or a tracking link is refused."""

from coachway.core import errors


class DriverNotAvailable(errors.Conflict):
    """The driver cannot be assigned because of status, availability, another trip, license, documents or
    hours of service.

    `errors` lists every reason. Choose another driver, or another time.
    """

    code = "driver_not_available"
    title = "The driver is not available"


class VehicleNotAvailable(errors.Conflict):
    """The vehicle cannot be assigned because of status, class, seats, equipment, documents or another trip.

    `errors` lists every reason. Choose another vehicle.
    """

    code = "vehicle_not_available"
    title = "The vehicle is not available"


class CrewAndVehicleNotAvailable(errors.Conflict):
    """Neither the crew nor the vehicle can be assigned to the trip. `errors` lists every reason by field.

    Choose another driver and another vehicle, or another time.
    """

    code = "crew_and_vehicle_not_available"
    title = "The driver and the vehicle are not available"


class VehicleHasTrips(errors.Conflict):
    """The vehicle has trips on these days, or is held for some. `errors` names each one.

    Release the vehicle from these trips, or assign another vehicle to them. Then add the downtime.
    """

    code = "vehicle_has_trips"
    title = "The vehicle has trips on these days"


class VehicleAlreadyDown(errors.Conflict):
    """Another downtime of the vehicle includes some of these days. Change that one."""

    code = "vehicle_already_down"
    title = "The vehicle has a downtime on these days"


class CharterNotHoldable(errors.Conflict):
    """Vehicles are held for quotes and booked charters only. A confirmed charter has all of its vehicles."""

    code = "charter_not_holdable"
    title = "No vehicles can be held for the charter"


class HoldNotActive(errors.Conflict):
    """The hold has expired, was released, or the charter has its vehicles. Hold the vehicles again."""

    code = "hold_not_active"
    title = "The hold is not active"


class VendorNotCompliant(errors.Conflict):
    """The vendor that was awarded this vehicle lacks a valid compliance document. `errors` lists which.

    Submit the document and have it approved, then retry.
    """

    code = "vendor_not_compliant"
    title = "The vendor's documents are not in order"


class OrganizationNotCompliant(errors.Conflict):
    """The trip departs within a day, and the organization lacks a valid compliance document. `errors` lists which.

    Submit the document and have it approved, then retry. Until then, no driver could check in.
    """

    code = "organization_not_compliant"
    title = "The organization's documents are not in order"


class NoDriverAvailable(errors.Conflict):
    """Automatic assignment found no driver, or no crew of two. `errors` lists the reasons by driver.

    Change the times of the trip, or open a bid request.
    """

    code = "no_driver_available"
    title = "No driver is available"


class NoVehicleAvailable(errors.Conflict):
    """Automatic assignment found no vehicle. `errors` lists the reasons by vehicle.

    Change the trip, or open a bid request.
    """

    code = "no_vehicle_available"
    title = "No vehicle is available"


class CharterNotAssignable(errors.Conflict):
    """The charter is cancelled, or its trip is over. Clone it to run the trip again."""

    code = "charter_not_assignable"
    title = "The charter does not accept assignments"


class VehicleAlreadyAssigned(errors.Conflict):
    """Release the assignment of this vehicle first, or assign another vehicle of the charter."""

    code = "vehicle_already_assigned"
    title = "This vehicle of the charter is already assigned"


class CharterFullyAssigned(errors.Conflict):
    """Release one of the charter's assignments first."""

    code = "charter_fully_assigned"
    title = "Every vehicle of the charter is already assigned"


class DeclineTooLate(errors.Conflict):
    """The duty has begun, so the driver can no longer decline. Call the dispatcher, who can open a recovery."""

    code = "decline_too_late"
    title = "Too late to decline"


class TripUnderWay(errors.Conflict):
    """The vehicle has left its first stop. Open a recovery, which finds a replacement, instead of a release."""

    code = "trip_under_way"
    title = "The trip is under way"


class HoursOfServiceExceeded(errors.Conflict):
    """The trip would break a limit of 49 CFR part 395, or the driver's record has gaps. `errors` lists each limit.

    Assign another driver, or record the missing check-outs.
    """

    code = "hours_of_service_exceeded"
    title = "The hours-of-service rules do not allow the trip"


class DepartureNotReady(errors.Conflict):
    """A driver is on leave or has no valid license, or the vehicle is out of service. `errors` lists every reason.

    Correct the data of the driver or the vehicle, or open a recovery.
    """

    code = "departure_not_ready"
    title = "The driver or vehicle is not ready to depart"


class DepartureDocumentsInvalid(errors.Conflict):
    """A compliance document of a driver, the vehicle or the carrier is missing or expired. `errors` lists which.

    Submit the document and have it approved, then retry.
    """

    code = "departure_documents_invalid"
    title = "Compliance documents do not allow the departure"


class DriverNotOnDuty(errors.Conflict):
    """The driver has not checked in for this assignment, or it is over. Check in first."""

    code = "driver_not_on_duty"
    title = "The driver is not on duty"


class UndoTooLate(errors.Conflict):
    """A driver can undo a check-in for 15 minutes. Later, it counts as time on duty: the dispatcher can undo it."""

    code = "undo_too_late"
    title = "Too late to undo the check-in"


class CheckInTooEarly(errors.Conflict):
    """A driver can check in from four hours before the duty begins."""

    code = "check_in_too_early"
    title = "Too early to check in"


class StopNotReached(errors.Conflict):
    """Record the departures from the earlier stops first."""

    code = "stop_not_reached"
    title = "The vehicle has not reached that stop"


class NoStopToDepart(errors.Conflict):
    """The vehicle is at its last stop. Check out instead."""

    code = "no_stop_to_depart"
    title = "There is no stop left to depart from"


class CharterNotConfirmed(errors.Conflict):
    """The trip cannot start before its charter is confirmed. Assign or award all of its vehicles first."""

    code = "charter_not_confirmed"
    title = "The charter is not confirmed"


class VehicleNotDeparted(errors.Conflict):
    """The vehicle has not left its first stop, so the duty cannot end. Depart first, or release the assignment."""

    code = "trip_not_started"
    title = "The trip has not started"


class RecoveryNotNeeded(errors.Conflict):
    """The assignment does not need a replacement: it is over, its driver is on duty, or its charter is not booked."""

    code = "recovery_not_needed"
    title = "The trip does not need a replacement"


class RecoveryAlreadyOpen(errors.Conflict):
    """A recovery of this assignment is open. Cancel it before you open another one."""

    code = "recovery_already_open"
    title = "A recovery is already open for this trip"


class OfferNotOpen(errors.Conflict):
    """The offer was answered, has expired, or is another driver's. Get the recovery to see its current offer."""

    code = "offer_not_open"
    title = "The offer is not open"


class CharterNotTrackable(errors.Conflict):
    """The charter is not booked or was cancelled, or its trip is over.

    To share a completed trip, set `expires_in_hours`.
    """

    code = "charter_not_trackable"
    title = "There is nothing to track"
