"""Who runs which of a charter's vehicles. It lies on the charter: of two who give the same one away, one wins."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from coachway.bookings.charters.model import Charter, Cover
from coachway.bookings.charters.rules import CharterChanged, Status
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op, Update


def find_cover(charter: Charter, vehicle: int) -> Cover | None:
    """Who runs one of its vehicles."""
    return next((cover for cover in charter.vehicles if cover.vehicle == vehicle), None)


def cover_ops(caller: Caller, before: Charter, covers: Sequence[Cover], reason: str, **more: object) -> list[Op]:
    """The ops by which these run vehicles of a charter, instead of whoever ran them; `more` fields change with it.

    It is confirmed once somebody runs each and its client has said yes. They fail with `lifecycle.ChangedMeanwhile`.
    """
    given = {cover.vehicle for cover in covers}
    kept = [cover for cover in before.vehicles if cover.vehicle not in given]
    after = before.model_copy(update={**_coverage_fields([*kept, *covers]), **more})
    if not after.uncovered_vehicles and before.status is Status.BOOKED:
        return _confirm_ops(caller, before, reason, **_coverage_fields(after.vehicles), **more)
    return [_modified_op(before, after)]


def release_assignment_ops(before: Charter, assignment_id: str) -> list[Op]:
    """The ops by which an assignment's driver does not run a charter's vehicle any more.

    A vendor that was awarded it still does. The charter keeps its status: what was promised to a client is not taken
    back, a replacement is looked for. They fail with `lifecycle.ChangedMeanwhile`; there are none when it ran nothing.
    """
    left = _fields_without_assignments(before, {assignment_id})
    if left["vehicles"] == before.vehicles:
        return []
    return [_modified_op(before, before.model_copy(update=left))]


def release_vendor_ops(before: Charter, bid_id: str) -> list[Op]:
    """The ops by which a vendor does not run any more what its bid won. They fail with `lifecycle.ChangedMeanwhile`.

    As when a driver is lost, the charter keeps its status. Raises Conflict while one of these vehicles has its driver.
    """
    driven = [cover.assignment_id for cover in before.vehicles if cover.bid_id == bid_id and cover.assignment_id]
    if driven:
        raise errors.Conflict(f"release {' and '.join(driven)} first", title="its vehicles have drivers")
    others = [cover for cover in before.vehicles if cover.bid_id != bid_id]
    return [_modified_op(before, before.model_copy(update=_coverage_fields(others)))]


def without_drivers(before: Charter) -> dict[str, object]:
    """The fields of a charter that no driver has any more, because it is another trip now; vendors keep theirs."""
    return _fields_without_assignments(
        before, {cover.assignment_id for cover in before.vehicles if cover.assignment_id}
    )


def _fields_without_assignments(before: Charter, assignment_ids: Collection[str]) -> dict[str, object]:
    without: dict[str, object] = {
        "assignment_id": None,
        "driver_id": None,
        "second_driver_id": None,
        "driver_names": [],
        "vehicle_id": None,
        "vehicle_name": None,
    }
    left = [
        cover.model_copy(update=without) if cover.assignment_id in assignment_ids else cover
        for cover in before.vehicles
    ]
    return _coverage_fields([cover for cover in left if cover.is_run])


def confirm_if_covered_ops(caller: Caller, before: Charter) -> list[Op]:
    """The ops that confirm a charter which was booked after all its vehicles had been given away; else none."""
    if before.status is not Status.BOOKED or before.uncovered_vehicles:
        return []
    return _confirm_ops(caller, before, "every vehicle has its driver or its vendor")


def _confirm_ops(caller: Caller, before: Charter, reason: str, **more: object) -> list[Op]:
    # Prices and hours of service come with it, which those who only look do without at a cold start.
    from coachway.bookings.charters import lifecycle

    return lifecycle.confirm_ops(caller, before, reason, **more)


def _coverage_fields(vehicles: Sequence[Cover]) -> dict[str, object]:
    in_order = sorted(vehicles, key=lambda cover: cover.vehicle)
    vendor_ids = list(dict.fromkeys(cover.vendor_id for cover in in_order if cover.vendor_id))
    driver_ids = [cover.driver_id for cover in in_order if cover.driver_id]
    return {
        "vehicles": in_order,
        "vendor_ids": vendor_ids,
        "vendor_id": vendor_ids[0] if vendor_ids else None,
        "driver_id": driver_ids[0] if driver_ids else None,
    }


def _modified_op(before: Charter, after: Charter) -> Update:
    from coachway.bookings.charters import event_payloads
    from coachway.contracts.bookings import CharterModified

    told = CharterModified(**event_payloads.charter_event_fields(after), revised=False)
    return Update(before, after, [told], lost=CharterChanged())
