"""Drivers: add, find, list, change, remove; and when they may be had."""

from __future__ import annotations

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
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.fleet import job_counter, shared
from coachway.fleet.model import (
    DRIVER,
    Availability,
    AvailabilityInput,
    Driver,
    DriverAvailability,
    DriverInput,
    DriverProfile,
    DriverQuery,
    DriverStatus,
    NewDriver,
)
from coachway.identity.users import party_accounts


def create_driver(caller: Caller, body: NewDriver) -> Driver:
    """Add a driver, who can log in by one-time codes at once and hand in papers from now on.

    Raises Duplicate for a phone that another driver or user has, NotFound for a vendor or a user that is not there.
    """
    shared.require_vendor(caller.org_id, body.vendor_id)
    existing = body.model_dump(exclude={"user_id", "timezone"})
    driver = Driver(
        **existing,
        id=ids.new("drv"),
        org_id=caller.org_id,
        timezone=body.timezone or reminder_times.get_timezone(caller.org_id),
        user_id=body.user_id or "",
    )
    if body.user_id is None:
        driver.user_id, user = party_accounts.create_user_ops(caller.org_id, "driver", driver.id, _party(driver))
    else:
        user = party_accounts.link_user_ops(caller.org_id, body.user_id, "driver", driver.id, _party(driver))
    store.commit(
        caller,
        Create(driver, [DriverAdded(**event_fields(driver))]),
        subjects.create_op(caller.org_id, SubjectType.DRIVER, driver.id, name=driver.name, email=driver.email or ""),
        *user,
    )
    return driver


def event_fields(driver: Driver) -> dict[str, str | None]:
    """The fields that every event of a driver has."""
    return {"driver_id": driver.id, "vendor_id": driver.vendor_id}


def _party(driver: Driver) -> party_accounts.Known:
    return {
        "first_name": driver.first_name,
        "last_name": driver.last_name,
        "phone": driver.phone,
        "email": driver.email,
    }


def get_driver(caller: Caller, driver_id: str, *, expected: int | None = None) -> Driver:
    """A driver. Raises NotFound, also for another driver; PreconditionFailed when `expected` is not its version."""
    shared.require_own(caller, driver_id)
    return store.get(Driver, DRIVER.key(org=caller.org_id, id=driver_id), expected=expected)


def get_profile(caller: Caller, driver_id: str) -> DriverProfile:
    """A driver, and which papers are missing today. One read."""
    shared.require_own(caller, driver_id)
    head = DRIVER.key(org=caller.org_id, id=driver_id)
    papers = subjects.key(caller.org_id, SubjectType.DRIVER, driver_id)
    batch = store.batch_get([head, papers])
    driver, standing = batch.get(Driver, head), shared.compliance_today(caller, batch.get(Subject, papers))
    return DriverProfile(
        **driver.model_dump(),
        missing_documents=[each.value for each in standing.lacking()],
        is_compliant=standing.is_compliant,
    )


def list_drivers(caller: Caller, query: DriverQuery) -> Page[Driver]:
    """Drivers, newest first; by name when `q` asks for the beginning of one. A driver sees one: themselves."""
    if caller.is_outside:
        return Page(items=[get_driver(caller, caller.party_id)])
    where = {"vendor_id": query.vendor_id, "license_class": query.license_class}
    return shared.list_resources(caller, Driver, query, q=query.q, status=query.status, where=where)


def update_driver(caller: Caller, driver_id: str, changes: PartialUpdate[DriverInput], expected: int | None) -> Driver:
    """Change what `changes` names; another phone is another log-in, and who is inactive cannot log in.

    Raises Duplicate for a phone that somebody else has, Conflict for making a driver inactive who has jobs ahead.
    """
    return retry_on_conflict(lambda: _update(caller, driver_id, changes, expected))()


def _update(caller: Caller, driver_id: str, changes: PartialUpdate[DriverInput], expected: int | None) -> Driver:
    before = get_driver(caller, driver_id, expected=expected)
    after = apply_changes(before, changes)
    if after.vendor_id != before.vendor_id:
        shared.require_vendor(caller.org_id, after.vendor_id)
    ops: list[Op] = [Update(before, after, _events(before, after))]
    if (after.name, after.email) != (before.name, before.email):
        subject = subjects.get(caller, SubjectType.DRIVER, driver_id)
        ops.append(subjects.rename_op(subject, name=after.name, email=after.email or ""))
    leaves = after.status is DriverStatus.INACTIVE and before.status is not DriverStatus.INACTIVE
    if leaves:
        ops.append(job_counter.require_no_jobs(caller.org_id, driver_id, what="driver"))
    comes = before.status is DriverStatus.INACTIVE and after.status is not DriverStatus.INACTIVE
    status: Literal["active", "disabled"] | None = "disabled" if leaves else "active" if comes else None
    if status is not None or _party(after) != _party(before):
        ops += party_accounts.sync_user_ops(caller.org_id, after.user_id, _party(after), status)
    store.commit(caller, *ops)
    return after


def _events(before: Driver, after: Driver) -> list[Event]:
    events: list[Event] = [DriverUpdated(**event_fields(after))]
    if after.status is not before.status:
        events.append(
            DriverStatusChanged(**event_fields(after), old_status=before.status.value, new_status=after.status.value)
        )
    return events


def delete_driver(caller: Caller, driver_id: str, expected: int | None) -> None:
    """Remove a driver and their log-in; the phone is free again. Raises Conflict while there are jobs ahead."""
    retry_on_conflict(lambda: _delete(caller, driver_id, expected))()


def _delete(caller: Caller, driver_id: str, expected: int | None) -> None:
    before = get_driver(caller, driver_id, expected=expected)
    after = before.model_copy(update={"deleted_at": clock.now()})
    store.commit(
        caller,
        Update(before, after, [DriverDeleted(**event_fields(before))]),
        job_counter.require_no_jobs(caller.org_id, driver_id, what="driver"),
        subjects.close_op(subjects.get(caller, SubjectType.DRIVER, driver_id)),
        *party_accounts.delete_user_ops(caller.org_id, before.user_id),
    )


def get_availability(caller: Caller, driver_id: str) -> DriverAvailability:
    """When a driver may be had."""
    return _build_availability(get_driver(caller, driver_id))


def _build_availability(driver: Driver) -> DriverAvailability:
    existing = driver.availability.model_dump()
    return DriverAvailability(**existing, driver_id=driver.id, timezone=driver.timezone, version=driver.version)


def set_availability(
    caller: Caller, driver_id: str, changes: PartialUpdate[AvailabilityInput], expected: int | None
) -> DriverAvailability:
    """Say when a driver may be had; drivers do so themselves. Jobs that they have already stay theirs."""

    def change() -> Driver:
        before = get_driver(caller, driver_id, expected=expected)
        requested = Availability.model_validate({**before.availability.model_dump(), **changes.fields})
        after = before.model_copy(update={"availability": requested})
        store.commit(caller, Update(before, after, [DriverAvailabilityChanged(**event_fields(before))]))
        return after

    return _build_availability(retry_on_conflict(change)())
