"""Which of a charter's vehicles are covered by a vendor or an assigned driver.

Coverage is stored on the charter, so if two requests cover the same vehicle, only one succeeds.
"""

from collections.abc import Collection, Sequence

from coachway.bookings.charters.model import Charter, VehicleCoverage
from coachway.bookings.charters.rules import CharterChanged, CharterStatus
from coachway.bookings.errors import VehiclesHaveDrivers
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op, Update


def find_coverage(charter: Charter, vehicle: int) -> VehicleCoverage | None:
    """The coverage of one vehicle, or None."""
    return next((coverage for coverage in charter.vehicles if coverage.vehicle == vehicle), None)


def set_coverage_ops(
    caller: Caller, before: Charter, coverages: Sequence[VehicleCoverage], reason: str, **fields: object
) -> list[Op]:
    """Operations that store `coverages`, replacing earlier coverage of the same vehicles; `fields` sets other fields.

    A booked charter is confirmed once every vehicle is covered. The transaction fails with CharterChanged.
    """
    replaced = {coverage.vehicle for coverage in coverages}
    others = [coverage for coverage in before.vehicles if coverage.vehicle not in replaced]
    after = before.model_copy(update={**_coverage_fields([*others, *coverages]), **fields})
    if not after.uncovered_vehicles and before.status is CharterStatus.BOOKED:
        return _confirm_ops(caller, before, reason, **_coverage_fields(after.vehicles), **fields)
    return [_modified_op(before, after)]


def release_assignment_ops(before: Charter, assignment_id: str) -> list[Op]:
    """Operations that remove an assignment's driver from the vehicles of a charter; none if it has no vehicle.

    A vendor that was awarded the vehicle keeps it. The charter keeps its status, because it is still promised to the
    client and dispatch looks for a replacement. The transaction fails with CharterChanged.
    """
    changes = _fields_without_assignments(before, {assignment_id})
    if changes["vehicles"] == before.vehicles:
        return []
    return [_modified_op(before, before.model_copy(update=changes))]


def release_vendor_ops(before: Charter, bid_id: str) -> list[Op]:
    """Operations that remove a bid's vendor from the vehicles that it won; the transaction fails with CharterChanged.

    The charter keeps its status, as when an assignment is released. Raises VehiclesHaveDrivers if one of the vehicles
    has a driver.
    """
    assignment_ids = [
        coverage.assignment_id for coverage in before.vehicles if coverage.bid_id == bid_id and coverage.assignment_id
    ]
    if assignment_ids:
        raise VehiclesHaveDrivers(f"Release {' and '.join(assignment_ids)} first.")
    others = [coverage for coverage in before.vehicles if coverage.bid_id != bid_id]
    return [_modified_op(before, before.model_copy(update=_coverage_fields(others)))]


def fields_without_drivers(before: Charter) -> dict[str, object]:
    """The coverage fields after all drivers are removed because the trip changed; vendors keep their vehicles."""
    return _fields_without_assignments(
        before, {coverage.assignment_id for coverage in before.vehicles if coverage.assignment_id}
    )


def _fields_without_assignments(before: Charter, assignment_ids: Collection[str]) -> dict[str, object]:
    cleared: dict[str, object] = {
        "assignment_id": None,
        "driver_id": None,
        "second_driver_id": None,
        "driver_names": [],
        "vehicle_id": None,
        "vehicle_name": None,
    }
    coverages = [
        coverage.model_copy(update=cleared) if coverage.assignment_id in assignment_ids else coverage
        for coverage in before.vehicles
    ]
    return _coverage_fields([coverage for coverage in coverages if coverage.is_covered])


def confirm_if_covered_ops(caller: Caller, before: Charter) -> list[Op]:
    """Operations that confirm a charter if it is booked and all its vehicles are covered; otherwise none."""
    if before.status is not CharterStatus.BOOKED or before.uncovered_vehicles:
        return []
    return _confirm_ops(caller, before, "Every vehicle has a driver or a vendor")


def _confirm_ops(caller: Caller, before: Charter, reason: str, **fields: object) -> list[Op]:
    # Imported late: it loads pricing and hours of service, which reading requests do not need at a cold start.
    from coachway.bookings.charters import lifecycle

    return lifecycle.confirm_ops(caller, before, reason, **fields)


def _coverage_fields(vehicles: Sequence[VehicleCoverage]) -> dict[str, object]:
    coverages = sorted(vehicles, key=lambda coverage: coverage.vehicle)
    vendor_ids = list(dict.fromkeys(coverage.vendor_id for coverage in coverages if coverage.vendor_id))
    driver_ids = [coverage.driver_id for coverage in coverages if coverage.driver_id]
    return {
        "vehicles": coverages,
        "vendor_ids": vendor_ids,
        "vendor_id": vendor_ids[0] if vendor_ids else None,
        "driver_id": driver_ids[0] if driver_ids else None,
    }


def _modified_op(before: Charter, after: Charter) -> Update:
    from coachway.bookings.charters import event_payloads
    from coachway.contracts.bookings import CharterModified

    event = CharterModified(**event_payloads.charter_event_fields(after), revised=False)
    return Update(before, after, [event], on_stale=CharterChanged())
