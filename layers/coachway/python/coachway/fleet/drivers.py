"""Drivers: create, read, list, update, delete; and their availability."""

from typing import Literal

from coachway.compliance import reminder_times, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.contracts.fleet import (
    DriverAdded,
    DriverAvailabilityChanged,
    DriverDeleted,
    DriverStatusChanged,
    DriverUpdated,
)
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.party_reference import DRIVER
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.fleet import assignment_counter, resource_queries
from coachway.fleet.access_checks import require_own_driver, require_vendor
from coachway.fleet.availability import AvailabilityInput, DriverAvailability
from coachway.fleet.model import Driver, DriverInput, DriverProfile, DriverQuery, DriverStatus, NewDriver
from coachway.identity.users import party_accounts


def create_driver(caller: Caller, body: NewDriver) -> Driver:
    """Create a driver, who can log in with one-time codes and upload documents from now on.

    Raises Duplicate if another driver or user has the phone number, NotFound if the vendor or user does not exist.
    """
    require_vendor(caller.org_id, body.vendor_id)
    fields = body.model_dump(exclude={"user_id", "timezone"})
    driver = Driver(
        **fields,
        id=ids.new("drv"),
        org_id=caller.org_id,
        timezone=body.timezone or reminder_times.get_timezone(caller.org_id),
        user_id=body.user_id or "",
    )
    if body.user_id is None:
        driver.user_id, user = party_accounts.create_user_ops(
            caller.org_id, "driver", driver.id, _contact_fields(driver)
        )
    else:
        user = party_accounts.link_user_ops(caller.org_id, body.user_id, "driver", driver.id, _contact_fields(driver))
    store.commit(
        caller,
        Create(driver, [DriverAdded(**event_fields(driver))]),
        subjects.create_subject_op(
            caller.org_id, SubjectType.DRIVER, driver.id, name=driver.name, email=driver.email or ""
        ),
        *user,
    )
    return driver


def event_fields(driver: Driver) -> dict[str, str | None]:
    """The fields that every driver event has."""
    return {"driver_id": driver.id, "vendor_id": driver.vendor_id}


def _contact_fields(driver: Driver) -> party_accounts.PartyContact:
    return {
        "first_name": driver.first_name,
        "last_name": driver.last_name,
        "phone": driver.phone,
        "email": driver.email,
    }


def get_driver(caller: Caller, driver_id: str, *, expected: int | None = None) -> Driver:
    """Get a driver.

    Raises NotFound, also if a driver asks for another driver; PreconditionFailed if the version is not `expected`.
    """
    require_own_driver(caller, driver_id)
    return store.get(Driver, DRIVER.key(org=caller.org_id, id=driver_id), expected=expected)


def get_profile(caller: Caller, driver_id: str) -> DriverProfile:
    """Get a driver with the documents that are missing today. One read."""
    require_own_driver(caller, driver_id)
    driver_key = DRIVER.key(org=caller.org_id, id=driver_id)
    subject_key = subjects.build_subject_key(caller.org_id, SubjectType.DRIVER, driver_id)
    batch = store.batch_get([driver_key, subject_key])
    driver = batch.get(Driver, driver_key)
    compliance = resource_queries.get_compliance_today(caller, batch.get(Subject, subject_key))
    return DriverProfile(
        **driver.model_dump(),
        missing_documents=[each.value for each in compliance.list_missing_documents()],
        is_compliant=compliance.is_compliant,
    )


def list_drivers(caller: Caller, query: DriverQuery) -> Page[Driver]:
    """List drivers, newest first; sorted by name if `q` filters by name. Drivers see only themselves."""
    if caller.is_external:
        return Page(items=[get_driver(caller, caller.party_id)])
    where = {"vendor_id": query.vendor_id, "license_class": query.license_class}
    return resource_queries.list_resources(caller, Driver, query, q=query.q, status=query.status, where=where)


def update_driver(caller: Caller, driver_id: str, changes: PartialUpdate[DriverInput], expected: int | None) -> Driver:
    """Update a driver. A new phone number is a new login; an inactive driver cannot log in.

    Raises Duplicate if somebody else has the phone number, HasUpcomingTrips if a driver with upcoming trips would
    become inactive.
    """
    return retry_on_conflict(lambda: _update(caller, driver_id, changes, expected))()


def _update(caller: Caller, driver_id: str, changes: PartialUpdate[DriverInput], expected: int | None) -> Driver:
    before = get_driver(caller, driver_id, expected=expected)
    after = apply_changes(before, changes)
    if after.vendor_id != before.vendor_id:
        require_vendor(caller.org_id, after.vendor_id)
    ops: list[Op] = [Update(before, after, _update_events(before, after))]
    if (after.name, after.email) != (before.name, before.email):
        subject = subjects.get_subject(caller, SubjectType.DRIVER, driver_id)
        ops.append(subjects.rename_subject_op(subject, name=after.name, email=after.email or ""))
    deactivates = after.status is DriverStatus.INACTIVE and before.status is not DriverStatus.INACTIVE
    if deactivates:
        ops.append(assignment_counter.require_no_open_assignments_op(caller.org_id, driver_id, resource_kind="driver"))
    reactivates = before.status is DriverStatus.INACTIVE and after.status is not DriverStatus.INACTIVE
    status: Literal["active", "disabled"] | None = "disabled" if deactivates else "active" if reactivates else None
    if status is not None or _contact_fields(after) != _contact_fields(before):
        ops += party_accounts.sync_user_ops(caller.org_id, after.user_id, _contact_fields(after), status)
    store.commit(caller, *ops)
    return after


def _update_events(before: Driver, after: Driver) -> list[Event]:
    events: list[Event] = [DriverUpdated(**event_fields(after))]
    if after.status is not before.status:
        events.append(
            DriverStatusChanged(**event_fields(after), old_status=before.status.value, new_status=after.status.value)
        )
    return events


def delete_driver(caller: Caller, driver_id: str, expected: int | None) -> None:
    """Delete a driver and their login, and release the phone number. Raises HasUpcomingTrips for upcoming trips."""
    retry_on_conflict(lambda: _delete(caller, driver_id, expected))()


def _delete(caller: Caller, driver_id: str, expected: int | None) -> None:
    before = get_driver(caller, driver_id, expected=expected)
    after = before.model_copy(update={"deleted_at": clock.now()})
    store.commit(
        caller,
        Update(before, after, [DriverDeleted(**event_fields(before))]),
        assignment_counter.require_no_open_assignments_op(caller.org_id, driver_id, resource_kind="driver"),
        subjects.close_subject_op(subjects.get_subject(caller, SubjectType.DRIVER, driver_id)),
        *party_accounts.delete_user_ops(caller.org_id, before.user_id),
    )


def get_availability(caller: Caller, driver_id: str) -> DriverAvailability:
    """Get a driver's availability."""
    return _build_availability(get_driver(caller, driver_id))


def _build_availability(driver: Driver) -> DriverAvailability:
    fields = driver.availability.model_dump()
    return DriverAvailability(**fields, driver_id=driver.id, timezone=driver.timezone, version=driver.version)


def set_availability(
    caller: Caller, driver_id: str, changes: PartialUpdate[AvailabilityInput], expected: int | None
) -> DriverAvailability:
    """Set a driver's availability. Trips that are already assigned stay assigned."""

    def update() -> Driver:
        before = get_driver(caller, driver_id, expected=expected)
        availability = apply_changes(before.availability, changes)
        after = before.model_copy(update={"availability": availability})
        store.commit(caller, Update(before, after, [DriverAvailabilityChanged(**event_fields(before))]))
        return after

    return _build_availability(retry_on_conflict(update)())
