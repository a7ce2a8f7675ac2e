"""Vendors: create, list, update, and set the status."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from coachway.compliance import reminder_times, status, subjects
from coachway.compliance import rules as compliance_rules
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
from coachway.core.event_counters import Numbers
from coachway.core.internal_fields import hide_internal_fields
from coachway.core.party_reference import VENDOR
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PageQuery, PartialUpdate, apply_changes
from coachway.core.types import contact, ids
from coachway.core.types.stored_values import STORED
from coachway.vendors import rules, statistics
from coachway.vendors.model import (
    BY_MONTH,
    BY_STATUS,
    StatusChanged,
    StatusQuery,
    Vendor,
    VendorCompliance,
    VendorInput,
    VendorProfile,
    VendorQuery,
    calculate_figures,
)
from coachway.vendors.rules import VendorStatus
from coachway.vendors.statistics import BY_RATING, Statistics, VendorStatistics


def create_vendor(caller: Caller, body: VendorInput) -> VendorProfile:
    """Create a vendor. It is pending until staff approve it; compliance documents can be submitted immediately."""
    vendor = Vendor(id=ids.new("ven"), org_id=caller.org_id, numbers={}, **body.model_dump())
    response = _build_profile(vendor.model_copy(update={"version": 1}), {})
    store.commit(
        caller,
        Create(vendor, [VendorRegistered(**event_fields(vendor))]),
        subjects.create_subject_op(
            caller.org_id, SubjectType.VENDOR, vendor.id, name=vendor.business_name, email=vendor.primary_email
        ),
        response=response,
    )
    return response


def event_fields(vendor: Vendor) -> dict[str, str]:
    """The fields that every vendor event has."""
    return {
        "business_name": vendor.business_name,
        "primary_email": vendor.primary_email,
        "vendor_type": vendor.vendor_type.value,
    }


def get_vendor(caller: Caller, vendor_id: str, *, expected: int | None = None) -> Vendor:
    """Get a vendor.

    Raises NotFound, also if a vendor asks for another vendor; PreconditionFailed if the version is not `expected`.
    """
    require_own_vendor(caller, vendor_id)
    return store.get(Vendor, VENDOR.key(org=caller.org_id, id=vendor_id), expected=expected)


def require_own_vendor(caller: Caller, vendor_id: str) -> None:
    """Raise NotFound if the caller is not staff and does not act for this vendor."""
    if caller.is_external and (caller.role != "vendor" or caller.party_id != vendor_id):
        raise errors.NotFound("The vendor was not found.")


def get_profile(caller: Caller, vendor_id: str) -> VendorProfile:
    """Get a vendor with its figures. Vendors do not see the notes and reasons of staff. One read."""
    vendor = get_vendor(caller, vendor_id)
    return _build_profile(hide_internal_fields(caller, vendor), statistics.load_numbers([vendor])[vendor_id])


def get_statistics(caller: Caller, vendor_id: str) -> VendorStatistics:
    """Get a vendor's figures in full. One read."""
    return statistics.build_statistics(*_load_with_statistics(caller, vendor_id))


def _load_with_statistics(caller: Caller, vendor_id: str) -> tuple[Vendor, Statistics | None]:
    require_own_vendor(caller, vendor_id)
    vendor_key = VENDOR.key(org=caller.org_id, id=vendor_id)
    statistics_key = statistics.statistics_key(caller.org_id, vendor_id)
    batch = store.batch_get([vendor_key, statistics_key])
    return batch.get(Vendor, vendor_key), batch.find(Statistics, statistics_key)


def _build_profile(vendor: Vendor, numbers: Numbers) -> VendorProfile:
    fields = vendor.model_dump() | calculate_figures(numbers).model_dump()
    return VendorProfile.model_validate(fields, context=STORED)


def list_vendors(caller: Caller, query: VendorQuery) -> Page[VendorProfile]:
    """List vendors, newest first; with `min_rating`, best first; with `q`, by the word that matches."""
    where = _build_filters(query)
    if query.q is not None:
        return _search(caller, query, query.q, where)
    if query.min_rating is not None:
        return _list_by_rating(caller, query, query.min_rating, where)
    if query.status is not None:
        partition = BY_STATUS.partition(org=caller.org_id, status=query.status)
        page = query_page(Vendor, BY_STATUS, [partition], query, where=where, descending=True)
    else:
        months = months_between(ids.get_created_at(caller.org_id), clock.now())
        partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(months)]
        page = query_page(Vendor, BY_MONTH, partitions, query, where=where, descending=True)
    numbers = statistics.load_numbers(page.items)
    profiles = [_build_profile(vendor, numbers[vendor.id]) for vendor in page.items]
    return Page(items=profiles, next_cursor=page.next_cursor)


def _search(
    caller: Caller, query: VendorQuery, words: str, where: Mapping[str, str | int | bool]
) -> Page[VendorProfile]:
    # Imported late: other lists do not need it at a cold start.
    from coachway.core.record_search import search_page

    page = search_page(Vendor, caller.org_id, words, query, where=where)
    numbers = statistics.load_numbers(page.items)
    profiles = [_build_profile(vendor, numbers[vendor.id]) for vendor in page.items]
    rated = [each for each in profiles if query.min_rating is None or (each.rating or 0) >= query.min_rating]
    return Page(items=rated, next_cursor=page.next_cursor)


def list_top_vendors(caller: Caller, query: PageQuery) -> Page[VendorProfile]:
    """List active vendors with at least three ratings, best first."""
    return _list_by_rating(caller, query, 0, {"status": VendorStatus.ACTIVE.value})


def _list_by_rating(
    caller: Caller, query: PageQuery, min_rating: float, where: Mapping[str, str | int | bool]
) -> Page[VendorProfile]:
    partition = BY_RATING.partition(org=caller.org_id)
    # `~` sorts after every id.
    bounds = (statistics.format_rating_key(min_rating), f"{statistics.format_rating_key(5)}~")
    page = query_page(Statistics, BY_RATING, [partition], query, between=bounds, descending=True)
    keys = {stored.vendor_id: VENDOR.key(org=caller.org_id, id=stored.vendor_id) for stored in page.items}
    vendors = store.find_many(Vendor, keys.values()) if keys else {}
    profiles = [
        _build_profile(vendor, stored.numbers)
        for stored in page.items
        if (vendor := vendors.get(keys[stored.vendor_id])) and where.items() <= vendor.attributes().items()
    ]
    return Page(items=profiles, next_cursor=page.next_cursor)


def _build_filters(query: VendorQuery) -> dict[str, str | int | bool]:
    filters: dict[str, str | int | bool | None] = {
        "status": query.status.value if query.status else None,
        "vendor_type": query.vendor_type.value if query.vendor_type else None,
        "is_verified": query.is_verified,
        "is_preferred": query.is_preferred,
    }
    if query.service_state is not None:
        filters[f"serves_{query.service_state}"] = True
    return {name: value for name, value in filters.items() if value is not None}


def update_vendor(
    caller: Caller, vendor_id: str, changes: PartialUpdate[VendorInput], expected: int | None
) -> VendorProfile:
    """Update the fields in `changes`. Raises NotFound, PreconditionFailed."""
    after = retry_on_conflict(lambda: _update(caller, vendor_id, changes, expected))()
    return _build_profile(after, statistics.load_numbers([after])[vendor_id])


def _update(caller: Caller, vendor_id: str, changes: PartialUpdate[VendorInput], expected: int | None) -> Vendor:
    before = get_vendor(caller, vendor_id, expected=expected)
    after = apply_changes(before, changes)
    email_changed = not contact.is_same_email(before.primary_email, after.primary_email)
    ops: list[Op] = [Update(before, after, [VendorUpdated(**event_fields(after), email_changed=email_changed)])]
    if event_fields(before) != event_fields(after):
        subject = subjects.get_subject(caller, SubjectType.VENDOR, vendor_id)
        ops.append(subjects.rename_subject_op(subject, name=after.business_name, email=after.primary_email))
    store.commit(caller, *ops)
    return after


def set_vendor_status(caller: Caller, vendor_id: str, query: StatusQuery, expected: int | None) -> StatusChanged:
    """Set the status of a vendor; an active vendor is verified. Raises InvalidStatusTransition."""
    return retry_on_conflict(lambda: _set_status(caller, vendor_id, query, expected))()


def _set_status(caller: Caller, vendor_id: str, query: StatusQuery, expected: int | None) -> StatusChanged:
    before = get_vendor(caller, vendor_id, expected=expected)
    if query.new_status is None:
        raise errors.Invalid.field("new_status", f"must be one of {', '.join(VendorStatus)}")
    rules.TRANSITIONS.require(before.status, query.new_status)
    after = before.model_copy(update={"status": query.new_status, "status_reason": query.reason})
    if query.new_status is VendorStatus.ACTIVE:
        after.is_verified, after.verification_date = True, clock.now()
    store.commit(caller, Update(before, after, _status_events(before, after)))
    fields = {**after.model_dump(), "vendor_id": after.id, "new_status": after.status}
    return StatusChanged.model_validate(fields, context=STORED)


def _status_events(before: Vendor, after: Vendor) -> list[Event]:
    fields, reason = event_fields(after), after.status_reason
    events: list[Event] = [
        VendorStatusChanged(**fields, old_status=before.status.value, new_status=after.status.value, reason=reason)
    ]
    if before.status is VendorStatus.PENDING and after.status is VendorStatus.ACTIVE:
        events.append(VendorApproved(**fields))
    if after.status is VendorStatus.SUSPENDED:
        events.append(VendorSuspended(**fields, reason=reason))
    return events


def get_compliance_status(caller: Caller, vendor_id: str) -> VendorCompliance:
    """Get whether a vendor has all required documents today, and how many are in each status. One read."""
    require_own_vendor(caller, vendor_id)
    subject: Subject = subjects.get_subject(caller, SubjectType.VENDOR, vendor_id)
    today = clock.now().astimezone(ZoneInfo(reminder_times.get_timezone(caller.org_id))).date()
    compliance = status.evaluate_compliance(subject, SubjectType.VENDOR, today)

    def count(*statuses: compliance_rules.DocumentStatus) -> int:
        return sum(document.status in statuses for document in subject.documents)

    return VendorCompliance(
        vendor_id=vendor_id,
        total_documents=len(subject.documents),
        approved_documents=count(compliance_rules.DocumentStatus.APPROVED),
        pending_documents=count(compliance_rules.DocumentStatus.PENDING, compliance_rules.DocumentStatus.UNDER_REVIEW),
        expired_documents=count(compliance_rules.DocumentStatus.EXPIRED),
        rejected_documents=count(compliance_rules.DocumentStatus.REJECTED),
        missing_required=[
            document_type
            for document_type in compliance_rules.REQUIRED[SubjectType.VENDOR]
            if document_type in compliance.list_missing_documents()
        ],
        is_compliant=compliance.is_compliant,
    )
