"""Vehicles: create, read, list, update, delete."""

from coachway.compliance import subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.contracts.fleet import VehicleAdded, VehicleDeleted, VehicleStatusChanged, VehicleUpdated
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.fleet import assignment_counter, resource_queries
from coachway.fleet.access_checks import require_vendor
from coachway.fleet.model import VEHICLE, Vehicle, VehicleInput, VehicleProfile, VehicleQuery, VehicleStatus


def create_vehicle(caller: Caller, body: VehicleInput) -> Vehicle:
    """Create a vehicle; its documents can be uploaded from now on. Raises NotFound if the vendor does not exist."""
    require_vendor(caller.org_id, body.vendor_id)
    vehicle = Vehicle(id=ids.new("veh"), org_id=caller.org_id, **body.model_dump())
    store.commit(
        caller,
        Create(vehicle, [VehicleAdded(**event_fields(vehicle))]),
        subjects.create_subject_op(caller.org_id, SubjectType.VEHICLE, vehicle.id, name=vehicle.name),
    )
    return vehicle


def event_fields(vehicle: Vehicle) -> dict[str, str | None]:
    """The fields that every vehicle event has."""
    return {"vehicle_id": vehicle.id, "vehicle_class": vehicle.vehicle_class, "vendor_id": vehicle.vendor_id}


def get_vehicle(caller: Caller, vehicle_id: str, *, expected: int | None = None) -> Vehicle:
    """Get a vehicle. Raises NotFound, or PreconditionFailed if the version is not `expected`."""
    return store.get(Vehicle, VEHICLE.key(org=caller.org_id, id=vehicle_id), expected=expected)


def get_profile(caller: Caller, vehicle_id: str) -> VehicleProfile:
    """Get a vehicle with the documents that are missing today. One read."""
    vehicle_key = VEHICLE.key(org=caller.org_id, id=vehicle_id)
    subject_key = subjects.build_subject_key(caller.org_id, SubjectType.VEHICLE, vehicle_id)
    batch = store.batch_get([vehicle_key, subject_key])
    vehicle = batch.get(Vehicle, vehicle_key)
    compliance = resource_queries.get_compliance_today(caller, batch.get(Subject, subject_key))
    return VehicleProfile(
        **vehicle.model_dump(),
        missing_documents=[each.value for each in compliance.list_missing_documents()],
        is_compliant=compliance.is_compliant,
    )


def list_vehicles(caller: Caller, query: VehicleQuery) -> Page[Vehicle]:
    """List vehicles, newest first; sorted by name if `q` filters by name."""
    where = {"vehicle_class": query.vehicle_class, "vendor_id": query.vendor_id}
    return resource_queries.list_resources(caller, Vehicle, query, q=query.q, status=query.status, where=where)


def update_vehicle(
    caller: Caller, vehicle_id: str, changes: PartialUpdate[VehicleInput], expected: int | None
) -> Vehicle:
    """Update a vehicle. Raises HasUpcomingTrips if a vehicle with upcoming trips would be retired."""
    return retry_on_conflict(lambda: _update(caller, vehicle_id, changes, expected))()


def _update(caller: Caller, vehicle_id: str, changes: PartialUpdate[VehicleInput], expected: int | None) -> Vehicle:
    before = get_vehicle(caller, vehicle_id, expected=expected)
    after = apply_changes(before, changes)
    if after.vendor_id != before.vendor_id:
        require_vendor(caller.org_id, after.vendor_id)
    ops: list[Op] = [Update(before, after, _update_events(before, after))]
    if after.name != before.name:
        subject = subjects.get_subject(caller, SubjectType.VEHICLE, vehicle_id)
        ops.append(subjects.rename_subject_op(subject, name=after.name, email=subject.email))
    if after.status is VehicleStatus.RETIRED and before.status is not VehicleStatus.RETIRED:
        ops.append(
            assignment_counter.require_no_open_assignments_op(caller.org_id, vehicle_id, resource_kind="vehicle")
        )
    store.commit(caller, *ops)
    return after


def _update_events(before: Vehicle, after: Vehicle) -> list[Event]:
    events: list[Event] = [VehicleUpdated(**event_fields(after))]
    if after.status is not before.status:
        events.append(
            VehicleStatusChanged(**event_fields(after), old_status=before.status.value, new_status=after.status.value)
        )
    return events


def delete_vehicle(caller: Caller, vehicle_id: str, expected: int | None) -> None:
    """Delete a vehicle. Raises HasUpcomingTrips if it has upcoming trips."""
    retry_on_conflict(lambda: _delete(caller, vehicle_id, expected))()


def _delete(caller: Caller, vehicle_id: str, expected: int | None) -> None:
    before = get_vehicle(caller, vehicle_id, expected=expected)
    after = before.model_copy(update={"deleted_at": clock.now()})
    store.commit(
        caller,
        Update(before, after, [VehicleDeleted(**event_fields(before))]),
        assignment_counter.require_no_open_assignments_op(caller.org_id, vehicle_id, resource_kind="vehicle"),
        subjects.close_subject_op(subjects.get_subject(caller, SubjectType.VEHICLE, vehicle_id)),
    )
