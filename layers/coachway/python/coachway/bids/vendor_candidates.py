"""Vendors as bidding looks at them: with their papers and figures, against a trip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from coachway.bids.eligibility import (
    Carrier,
    Trip,
    Vehicles,
    reasons_against_bidding,
    reasons_against_vehicles,
    state_of,
)
from coachway.bids.errors import VendorNotEligible
from coachway.bids.model import Bid
from coachway.bids.ranking import Entry, Offer
from coachway.bids.request_model import BidRequest
from coachway.bookings.charters import equipment
from coachway.bookings.charters.model import Charter, StopType
from coachway.compliance import status, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core import store
from coachway.core.errors import FieldError
from coachway.core.persistence.operations import Op
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.core.store import BatchResult
from coachway.core.types.geo import Coordinates
from coachway.vendors import bidding_access, statistics
from coachway.vendors.model import VENDOR, Figures, Vendor
from coachway.vendors.statistics import Statistics

_TOGETHER = 33
"""Vendors that one read of three items each takes in."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A vendor, its papers and its figures, as they were when it was judged."""

    vendor: Vendor
    subject: Subject | None
    figures: Figures

    def carrier(self, last_day: date) -> Carrier:
        """What the rules look at."""
        vendor = self.vendor
        garage = None
        if vendor.garage_latitude is not None and vendor.garage_longitude is not None:
            garage = Coordinates(vendor.garage_latitude, vendor.garage_longitude)
        return Carrier(
            status=vendor.status.value,
            standing=status.status_of_subject(self.subject, last_day) if self.subject else None,
            states=vendor.service_states,
            garage=garage,
            radius_miles=vendor.service_radius_miles,
            classes=vendor.vehicle_types,
            largest_vehicle=vendor.max_passenger_capacity,
            amenities=vendor.amenities,
            is_ada_compliant=vendor.is_ada_compliant,
        )

    def unchanged(self) -> list[Op]:
        """The ops that fail unless vendor and papers are still as they were judged."""
        return [
            bidding_access.check_unchanged_op(self.vendor),
            *([subjects.check_unchanged_op(self.subject)] if self.subject else []),
        ]


def load_candidates(org_id: str, vendor_ids: Iterable[str]) -> dict[str, Candidate]:
    """Vendors by id, a read for each 33; those that are not there are left out."""
    requested, result = list(dict.fromkeys(vendor_ids)), dict[str, Candidate]()
    for start in range(0, len(requested), _TOGETHER):
        batch = requested[start : start + _TOGETHER]
        result |= candidates_in(store.batch_get(candidate_keys(org_id, batch)), org_id, batch)
    return result


def candidate_keys(org_id: str, vendor_ids: Iterable[str]) -> list[Key]:
    """Where the records of candidates are, three for each vendor."""
    return [key for vendor_id in vendor_ids for key in _keys(org_id, vendor_id)]


def candidates_in(batch: BatchResult, org_id: str, vendor_ids: Iterable[str]) -> dict[str, Candidate]:
    """The candidates, by vendor, among records that were read together; missing vendors are left out."""
    candidates: dict[str, Candidate] = {}
    for vendor_id in vendor_ids:
        vendor_key, subject_key, statistics_key = _keys(org_id, vendor_id)
        vendor = batch.find(Vendor, vendor_key)
        if vendor is not None:
            counted = batch.find(Statistics, statistics_key)
            figures = counted.figures() if counted else Figures()
            candidates[vendor_id] = Candidate(vendor, batch.find(Subject, subject_key), figures)
    return candidates


def _keys(org_id: str, vendor_id: str) -> tuple[Key, Key, Key]:
    return (
        VENDOR.key(org=org_id, id=vendor_id),
        subjects.key(org_id, SubjectType.VENDOR, vendor_id),
        statistics.statistics_key(org_id, vendor_id),
    )


def build_trip(charter: Charter, request: BidRequest | None) -> Trip:
    """What a charter asks of a vendor."""
    first = next((stop for stop in charter.stops if stop.stop_type is StopType.PICKUP), charter.stops[0])
    requested, needs_ada = equipment.required_amenities(charter.amenities)
    pickup = None
    if first.latitude is not None and first.longitude is not None:
        pickup = Coordinates(first.latitude, first.longitude)
    return Trip(
        vehicle_class=charter.vehicle_class,
        vehicle_count=charter.vehicle_count,
        passengers=charter.passengers,
        amenities=requested,
        needs_ada=needs_ada or (request is not None and request.requires_ada),
        state=state_of(first.geocoded_address or first.address) or state_of(first.address),
        pickup=pickup,
        last_day=charter.last_day,
        revision=charter.revision_number,
        vehicles_left=len(charter.uncovered_vehicles),
    )


def build_vehicles(bid: Bid) -> Vehicles:
    """What a bid offers, as the rules look at it."""
    return Vehicles(
        vehicle_class=bid.vehicle_type,
        seats=bid.passenger_capacity,
        vehicles=bid.vehicle_count,
        amenities=bid.amenities,
        is_ada_compliant=bid.is_ada_compliant,
        revision=bid.charter_revision,
    )


def ineligibility_reasons(
    bid: Bid, charter: Charter, request: BidRequest | None, candidate: Candidate | None
) -> list[str]:
    """Why a bid may not win; empty if it may."""
    if candidate is None:
        return ["Vendor was removed"]
    trip = build_trip(charter, request)
    return reasons_against_bidding(trip, candidate.carrier(trip.last_day)) + reasons_against_vehicles(
        trip, build_vehicles(bid)
    )


def require_eligible(bid: Bid, charter: Charter, request: BidRequest | None, candidate: Candidate | None) -> None:
    """Raises Conflict naming everything that is in the way."""
    result = ineligibility_reasons(bid, charter, request, candidate)
    if result:
        raise VendorNotEligible(
            f"The vendor is not eligible to bid: {'; '.join(result)}",
            fields=[FieldError("vendor_id", reason) for reason in result],
        )


def build_offer(bid: Bid, candidate: Candidate | None) -> Offer:
    """A bid as the ranking looks at it."""
    return Offer(
        bid_id=bid.id,
        price=bid.terms.quoted_price,
        vehicles=bid.vehicle_count,
        rating=candidate.figures.rating if candidate else None,
        is_preferred=candidate.vendor.is_preferred if candidate else False,
        submitted_at=bid.submitted_at or bid.created_at,
    )


def valid_until(bid: Bid, request: BidRequest | None) -> datetime | None:
    """When a bid expires that may answer the request under way."""
    return bid.valid_until if request is None else request.holds(bid)


def build_entries(
    bids: Iterable[Bid], charter: Charter, request: BidRequest | None, candidates: Mapping[str, Candidate]
) -> list[Entry]:
    """Bids as a decision looks at them."""
    return [
        Entry(
            build_offer(bid, candidates.get(bid.vendor_id)),
            valid_until(bid, request) or clock.now(),
            ineligibility_reasons(bid, charter, request, candidates.get(bid.vendor_id)),
        )
        for bid in bids
    ]
