"""Timer job: remind clients and drivers of their trips on the day before.

The client is reminded once all drivers are known, and at six in the evening at the latest. If a driver or a vehicle
changes after that, but before the evening, the client is told again. A change in the evening or later is not announced
by this job: a recovery tells the client itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from coachway.bookings.charters import booking_contact, event_payloads
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.clients.model import Client, Contact
from coachway.contracts.bookings import ReminderVehicle, TripReminderSent
from coachway.contracts.dispatch.assignments import AssignmentReminderSent
from coachway.core import hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.party_reference import DRIVER
from coachway.core.persistence.operations import Op, Update
from coachway.core.schemas import BaseSchema
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.reminders import rules
from coachway.dispatch.reminders.model import DUE, TripReminders
from coachway.dispatch.reminders.rules import Stage
from coachway.fleet.model import Driver
from coachway.identity.model.organization import ORGANIZATIONS, Organization

_TIMER: Final = "trip-reminders"
_UPCOMING: Final = frozenset({CharterStatus.BOOKED, CharterStatus.CONFIRMED})
_REMINDED: Final = frozenset({AssignmentStatus.OFFERED, AssignmentStatus.ACCEPTED})


class ReminderResult(BaseSchema):
    """Counts of one run: emails to clients, assignments whose drivers were reminded, trips left for the next run."""

    clients: int = 0
    drivers: int = 0
    failed: int = 0


class _Trip(NamedTuple):
    """A trip to remind of, with everybody who takes part in it."""

    charter: Charter
    client: Client | None
    contact: Contact | None
    assignments: Sequence[Assignment]
    """Those that will run, in the order of the charter's vehicles."""
    drivers: Mapping[str, Driver]


def run() -> ReminderResult:
    """Send the reminders that are due. Handling a trip again sends none twice."""
    return ReminderResult(**hourly_sweep.sweep(_TIMER, TripReminders, DUE, _check_trip))


def _check_trip(indexed: TripReminders, now: datetime) -> Mapping[str, int]:
    caller = Caller.system(_TIMER, indexed.org_id)
    charter_key = CHARTER.key(org=indexed.org_id, id=indexed.charter_id)
    organization_key = ORGANIZATIONS.key(org=indexed.org_id)
    batch = store.batch_get([indexed.key(), charter_key, organization_key])
    before, charter = batch.find(TripReminders, indexed.key()), batch.find(Charter, charter_key)
    if before is None or before.due is None or before.due > now:
        return {}
    if charter is None or charter.deleted_at is not None or charter.status not in _UPCOMING:
        store.commit(caller, Update(before, before.model_copy(update={"due": None})))
        return {}
    settings = batch.get(Organization, organization_key).trip_reminders
    stage = rules.find_stage(charter.starts_at, charter.timezone, now)
    trip = _load_trip(charter) if stage in {Stage.DAYTIME, Stage.EVENING} else _Trip(charter, None, None, (), {})
    after = before.model_copy()
    events = []
    if settings.to_clients and trip.client is not None and _is_client_due(before, trip, stage):
        is_correction = before.announced_assignments is not None
        events.append(_client_event(trip, trip.client, is_correction=is_correction))
        after.announced_assignments = [assignment.id for assignment in trip.assignments]
    driver_ops = _driver_ops(trip, now) if settings.to_drivers and stage is Stage.EVENING else []
    is_reminded = after.announced_assignments is not None or not settings.to_clients
    after.due = rules.find_next_check(charter.starts_at, charter.timezone, now, is_client_reminded=is_reminded)
    store.commit(caller, Update(before, after, events), *driver_ops)
    return {"clients": len(events), "drivers": len(driver_ops)}


def _load_trip(charter: Charter) -> _Trip:
    ids = [each.assignment_id for each in charter.vehicles if each.assignment_id is not None]
    keys = [repository.assignment_key(charter.org_id, assignment_id) for assignment_id in ids]
    batch = repository.batch_get_all([*booking_contact.people_keys(charter), *keys])
    stored = [assignment for key in keys if (assignment := batch.find(Assignment, key)) is not None]
    assignments = [assignment for assignment in stored if assignment.status in _REMINDED]
    driver_keys = [DRIVER.key(org=charter.org_id, id=driver) for each in assignments for driver in each.crew]
    loaded = repository.batch_get_all(driver_keys)
    drivers = [driver for key in driver_keys if (driver := loaded.find(Driver, key)) is not None]
    client, contact = booking_contact.find_client(charter, batch), booking_contact.find_contact(charter, batch)
    return _Trip(charter, client, contact, assignments, {driver.id: driver for driver in drivers})


def _is_client_due(reminders: TripReminders, trip: _Trip, stage: Stage) -> bool:
    """Whether the client is reminded now, or told of another driver or vehicle."""
    if reminders.announced_assignments is not None:
        return stage is Stage.EVENING and reminders.announced_assignments != [each.id for each in trip.assignments]
    return stage is Stage.EVENING or not trip.charter.uncovered_vehicles


def _client_event(trip: _Trip, client: Client, *, is_correction: bool) -> TripReminderSent:
    by_vehicle = {assignment.vehicle_number: assignment for assignment in trip.assignments}
    vehicles = []
    for number in range(1, trip.charter.vehicle_count + 1):
        assignment = by_vehicle.get(number)
        crew = assignment.crew if assignment else []
        vehicles.append(
            ReminderVehicle(
                vehicle=number,
                vehicle_name=assignment.vehicle_name if assignment else None,
                driver_names=[trip.drivers[driver_id].first_name for driver_id in crew if driver_id in trip.drivers],
            )
        )
    fields = event_payloads.client_event_fields(trip.charter, client, trip.contact)
    return TripReminderSent(**fields, vehicles=vehicles, is_correction=is_correction)


def _driver_ops(trip: _Trip, now: datetime) -> list[Op]:
    """Remind the drivers of each assignment that were not reminded yet."""
    ops: list[Op] = []
    for assignment in trip.assignments:
        if assignment.reminded_at is not None:
            continue
        driver, second = trip.drivers.get(assignment.driver_id), trip.drivers.get(assignment.second_driver_id or "")
        fields = assignment_event_payloads.assignment_event_fields(assignment, driver, second)
        event = AssignmentReminderSent(
            **fields,
            is_accepted=assignment.status is AssignmentStatus.ACCEPTED,
            contact_name=assignment.contact_name,
            contact_phone=assignment.contact_phone,
        )
        ops.append(Update(assignment, assignment.model_copy(update={"reminded_at": now}), [event]))
    return ops
