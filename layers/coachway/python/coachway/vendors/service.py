"""Vendors: add, find, list, change, approve and suspend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from coachway.compliance import reminder_times, status, subjects
from coachway.compliance import rules as papers
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.contracts.vendors import (
    VendorApproved,
    VendorRegistered,
    VendorStatusChanged,
    VendorSuspended,
    VendorUpdated,
)
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.projections import Numbers
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PageQuery, PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.vendors import rules, statistics
from coachway.vendors.model import (
    BY_MONTH,
    BY_STATUS,
    VENDOR,
    ComplianceStatus,
    StatusChanged,
    StatusQuery,
    Vendor,
    VendorInput,
    VendorProfile,
    VendorQuery,
    figures_of,
)
from coachway.vendors.rules import Status
from coachway.vendors.statistics import BY_RATING, Statistics, VendorStatistics

_BEST: Final = "0500"


def create(caller: Caller, body: VendorInput) -> VendorProfile:
    """Add a vendor. It is pending until somebody approves it, and can hand in its papers from now on."""
    vendor = Vendor(id=ids.new("ven"), org_id=caller.org_id, numbers={}, **body.model_dump())
    answer = _build_profile(vendor.model_copy(update={"version": 1}), {})
    store.commit(
        caller,
        Create(vendor, [VendorRegistered(**event_fields(vendor))]),
        subjects.create_op(
            caller.org_id, SubjectType.VENDOR, vendor.id, name=vendor.business_name, email=vendor.primary_email
        ),
        answer=answer,
    )
    return answer


def event_fields(vendor: Vendor) -> dict[str, str]:
    """The fields that every event of a vendor has."""
    return {
        "business_name": vendor.business_name,
        "primary_email": vendor.primary_email,
        "vendor_type": vendor.vendor_type.value,
    }


def get(caller: Caller, vendor_id: str, *, expected: int | None = None) -> Vendor:
    """A vendor. Raises NotFound, also for another vendor's people; PreconditionFailed when `expected` is not its
    version."""
    require_own(caller, vendor_id)
    return store.get(Vendor, VENDOR.key(org=caller.org_id, id=vendor_id), expected=expected)


def require_own(caller: Caller, vendor_id: str) -> None:
    """Raises NotFound for people outside who do not act for this vendor."""
    if caller.is_external and (caller.role != "vendor" or caller.party_id != vendor_id):
        raise errors.NotFound("The vendor was not found.")


def get_profile(caller: Caller, vendor_id: str) -> VendorProfile:
    """A vendor and how it does. Its own people do not see what is noted about it. One read."""
    vendor = get(caller, vendor_id)
    fields = vendor.model_copy(update={"notes": ""}) if caller.is_external else vendor
    return _build_profile(fields, statistics.load_numbers([vendor])[vendor_id])


def get_statistics(caller: Caller, vendor_id: str) -> VendorStatistics:
    """How a vendor does, in full. One read."""
    return statistics.build_statistics(*_load_with_statistics(caller, vendor_id))


def _load_with_statistics(caller: Caller, vendor_id: str) -> tuple[Vendor, Statistics | None]:
    require_own(caller, vendor_id)
    head, numbers = VENDOR.key(org=caller.org_id, id=vendor_id), statistics.key(caller.org_id, vendor_id)
    batch = store.batch_get([head, numbers])
    return batch.get(Vendor, head), batch.find(Statistics, numbers)


def _build_profile(vendor: Vendor, numbers: Numbers) -> VendorProfile:
    return VendorProfile.model_validate({**vendor.model_dump(), **figures_of(numbers).model_dump()})


def list_vendors(caller: Caller, query: VendorQuery) -> Page[VendorProfile]:
    """Vendors, newest first; with `min_rating` the best first."""
    where = _filters(query)
    if query.min_rating is not None:
        return _list_by_rating(caller, query, query.min_rating, where)
    if query.status is not None:
        partition = BY_STATUS.partition(org=caller.org_id, status=query.status)
        page = query_page(Vendor, BY_STATUS, [partition], query, where=where, descending=True)
    else:
        since = months_between(ids.created_at_of(caller.org_id), clock.now())
        partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(since)]
        page = query_page(Vendor, BY_MONTH, partitions, query, where=where, descending=True)
    numbers = statistics.load_numbers(page.items)
    profiles = [_build_profile(vendor, numbers[vendor.id]) for vendor in page.items]
    return Page(items=profiles, next_cursor=page.next_cursor)


def list_top_vendors(caller: Caller, query: PageQuery) -> Page[VendorProfile]:
    """Active vendors with three ratings or more, the best first."""
    return _list_by_rating(caller, query, 0, {"status": Status.ACTIVE.value})


def _list_by_rating(
    caller: Caller, query: PageQuery, least: float, where: Mapping[str, str | int | bool]
) -> Page[VendorProfile]:
    partition = BY_RATING.partition(org=caller.org_id)
    # `~` sorts after every id.
    bounds = (statistics.rating_key(least), f"{_BEST}~")
    rated = query_page(Statistics, BY_RATING, [partition], query, between=bounds, descending=True)
    keys = {each.vendor_id: VENDOR.key(org=caller.org_id, id=each.vendor_id) for each in rated.items}
    result = store.find_many(Vendor, keys.values()) if keys else {}
    profiles = [
        _build_profile(vendor, each.numbers)
        for each in rated.items
        if (vendor := result.get(keys[each.vendor_id])) and where.items() <= vendor.attributes().items()
    ]
    return Page(items=profiles, next_cursor=rated.next_cursor)


def _filters(query: VendorQuery) -> dict[str, str | int | bool]:
    requests: dict[str, str | int | bool | None] = {
        "status": query.status.value if query.status else None,
        "vendor_type": query.type.value if query.type else None,
        "is_verified": query.verified,
        "is_preferred": query.preferred,
    }
    if query.state is not None:
        requests[f"serves_{query.state}"] = True
    return {name: value for name, value in requests.items() if value is not None}


def update(caller: Caller, vendor_id: str, changes: PartialUpdate[VendorInput], expected: int | None) -> VendorProfile:
    """Change what `changes` names."""
    after = retry_on_conflict(lambda: _update(caller, vendor_id, changes, expected))()
    return _build_profile(after, statistics.load_numbers([after])[vendor_id])


def _update(caller: Caller, vendor_id: str, changes: PartialUpdate[VendorInput], expected: int | None) -> Vendor:
    before = get(caller, vendor_id, expected=expected)
    after = apply_changes(before, changes)
    ops: list[Op] = [Update(before, after, [VendorUpdated(**event_fields(after))])]
    if event_fields(before) != event_fields(after):
        subject = subjects.get(caller, SubjectType.VENDOR, vendor_id)
        ops.append(subjects.rename_op(subject, name=after.business_name, email=after.primary_email))
    store.commit(caller, *ops)
    return after


def set_status(caller: Caller, vendor_id: str, query: StatusQuery, expected: int | None) -> StatusChanged:
    """Approve, reject, suspend, ban a vendor, or take it back. Raises Conflict for a status that cannot follow."""
    return retry_on_conflict(lambda: _set_status(caller, vendor_id, query, expected))()


def _set_status(caller: Caller, vendor_id: str, query: StatusQuery, expected: int | None) -> StatusChanged:
    before = get(caller, vendor_id, expected=expected)
    if query.new_status is None:
        raise errors.Invalid.field("new_status", f"must be one of {', '.join(Status)}")
    rules.VENDORS.require(before.status, query.new_status)
    after = before.model_copy(update={"status": query.new_status, "status_reason": query.reason})
    if query.new_status is Status.ACTIVE:
        after.is_verified, after.verification_date = True, clock.now()
    store.commit(caller, Update(before, after, _status_events(before, after)))
    return StatusChanged(**after.model_dump(), vendor_id=after.id, new_status=after.status)


def _status_events(before: Vendor, after: Vendor) -> list[Event]:
    payload, reason = event_fields(after), after.status_reason
    events: list[Event] = [
        VendorStatusChanged(**payload, old_status=before.status.value, new_status=after.status.value, reason=reason)
    ]
    if before.status is Status.PENDING and after.status is Status.ACTIVE:
        events.append(VendorApproved(**payload))
    if after.status is Status.SUSPENDED:
        events.append(VendorSuspended(**payload, reason=reason))
    return events


def get_compliance_status(caller: Caller, vendor_id: str) -> ComplianceStatus:
    """Whether a vendor has all its papers today, and how many of each kind. One read."""
    require_own(caller, vendor_id)
    subject: Subject = subjects.get(caller, SubjectType.VENDOR, vendor_id)
    today = clock.now().astimezone(ZoneInfo(reminder_times.get_timezone(caller.org_id))).date()
    standing = status.status_of_subject(subject, today)

    def count(*statuses: papers.Status) -> int:
        return sum(paper.status in statuses for paper in subject.papers)

    return ComplianceStatus(
        vendor_id=vendor_id,
        total_documents=len(subject.papers),
        approved_documents=count(papers.Status.APPROVED),
        pending_documents=count(papers.Status.PENDING, papers.Status.UNDER_REVIEW),
        expired_documents=count(papers.Status.EXPIRED),
        rejected_documents=count(papers.Status.REJECTED),
        missing_required=[kind for kind in papers.REQUIRED[SubjectType.VENDOR] if kind in standing.lacking()],
        is_compliant=standing.is_compliant,
    )
