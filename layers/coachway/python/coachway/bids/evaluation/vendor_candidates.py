"""Vendors with their compliance documents and figures, and their eligibility for a charter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from coachway.bids.errors import VendorNotEligible
from coachway.bids.evaluation.eligibility import (
    ClassRequirements,
    TripRequirements,
    VehicleOffer,
    VendorCapabilities,
    parse_state,
    vehicle_ineligibility_reasons,
    vendor_ineligibility_reasons,
)
from coachway.bids.evaluation.ranking import BidOffer, EvaluatedBid
from coachway.bids.model.bid import Bid
from coachway.bids.model.bid_request import BidRequest
from coachway.bookings import amenity_matching
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.trip_model import StopType
from coachway.compliance import status, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core import store
from coachway.core.errors import FieldError
from coachway.core.party_reference import VENDOR
from coachway.core.persistence.operations import Op
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.core.store import BatchResult
from coachway.core.types.geo import Coordinates
from coachway.vendors import active_vendors, statistics
from coachway.vendors.model import Figures, Vendor
from coachway.vendors.statistics import Statistics

_BATCH_SIZE: Final = 33
"""The number of vendors per read. Each has three items, and a read returns at most 100."""


@dataclass(frozen=True, slots=True)
class CandidateVendor:
    """A vendor with its compliance documents and figures, as they were read."""

    vendor: Vendor
    subject: Subject | None
    figures: Figures

    def capabilities(self, last_day: date) -> VendorCapabilities:
        """What the eligibility rules need to know; compliance is that on `last_day`."""
        vendor = self.vendor
        garage = None
        if vendor.garage_latitude is not None and vendor.garage_longitude is not None:
            garage = Coordinates(vendor.garage_latitude, vendor.garage_longitude)
        return VendorCapabilities(
            status=vendor.status.value,
            compliance=status.evaluate_compliance(self.subject, SubjectType.VENDOR, last_day) if self.subject else None,
            states=vendor.service_states,
            garage=garage,
            radius_miles=vendor.service_radius_miles,
            vehicle_classes=vendor.vehicle_types,
            largest_vehicle=vendor.max_passenger_capacity,
            amenities=vendor.amenities,
            is_ada_compliant=vendor.is_ada_compliant,
        )

    def check_unchanged_ops(self) -> list[Op]:
        """The operations that fail if the vendor or its compliance documents were changed since they were read."""
        return [
            active_vendors.check_unchanged_op(self.vendor),
            *([subjects.check_unchanged_op(self.subject)] if self.subject else []),
        ]


def load_candidates(org_id: str, vendor_ids: Iterable[str]) -> dict[str, CandidateVendor]:
    """Load vendors as candidates, by id. Vendors that do not exist are missing. One read per 33 vendors."""
    requested, candidates = list(dict.fromkeys(vendor_ids)), dict[str, CandidateVendor]()
    for start in range(0, len(requested), _BATCH_SIZE):
        batch = requested[start : start + _BATCH_SIZE]
        candidates |= build_candidates(store.batch_get(candidate_keys(org_id, batch)), org_id, batch)
    return candidates


def candidate_keys(org_id: str, vendor_ids: Iterable[str]) -> list[Key]:
    """The keys of the records of candidates, three for each vendor."""
    return [key for vendor_id in vendor_ids for key in _keys(org_id, vendor_id)]


def build_candidates(batch: BatchResult, org_id: str, vendor_ids: Iterable[str]) -> dict[str, CandidateVendor]:
    """Build candidates from the records in `batch`, by vendor. Vendors that do not exist are missing."""
    candidates: dict[str, CandidateVendor] = {}
    for vendor_id in vendor_ids:
        vendor_key, subject_key, statistics_key = _keys(org_id, vendor_id)
        vendor = batch.find(Vendor, vendor_key)
        if vendor is not None:
            stored = batch.find(Statistics, statistics_key)
            figures = stored.figures() if stored else Figures()
            candidates[vendor_id] = CandidateVendor(vendor, batch.find(Subject, subject_key), figures)
    return candidates


def _keys(org_id: str, vendor_id: str) -> tuple[Key, Key, Key]:
    return (
        VENDOR.key(org=org_id, id=vendor_id),
        subjects.build_subject_key(org_id, SubjectType.VENDOR, vendor_id),
        statistics.statistics_key(org_id, vendor_id),
    )


def build_requirements(charter: Charter, request: BidRequest | None) -> TripRequirements:
    """What a charter requires of a vendor."""
    first = next((stop for stop in charter.stops if stop.stop_type is StopType.PICKUP), charter.stops[0])
    amenities, needs_ada = amenity_matching.required_amenities(charter.amenities)
    pickup = None
    if first.latitude is not None and first.longitude is not None:
        pickup = Coordinates(first.latitude, first.longitude)
    left = charter.count_uncovered_vehicles()
    return TripRequirements(
        classes=[
            ClassRequirements(
                group.vehicle_class,
                group.count,
                charter.get_passengers_per_vehicle(group.vehicle_class),
                left[group.vehicle_class],
            )
            for group in charter.list_groups()
        ],
        amenities=amenities,
        needs_ada=needs_ada or (request is not None and request.requires_ada),
        state=parse_state(first.geocoded_address or first.address) or parse_state(first.address),
        pickup=pickup,
        last_day=charter.last_day,
        revision=charter.trip_revision,
    )


def build_vehicle_offer(bid: Bid) -> VehicleOffer:
    """The vehicles of a bid, for the eligibility rules."""
    return VehicleOffer(
        vehicle_class=bid.vehicle_type,
        seats=bid.passenger_capacity,
        vehicles=bid.vehicle_count,
        amenities=bid.amenities,
        is_ada_compliant=bid.is_ada_compliant,
        revision=bid.charter_revision,
    )


def bid_ineligibility_reasons(
    bid: Bid, charter: Charter, request: BidRequest | None, candidate: CandidateVendor | None
) -> list[str]:
    """Why a bid cannot be awarded; empty if it can."""
    if candidate is None:
        return ["Vendor was removed"]
    trip = build_requirements(charter, request)
    reasons = vendor_ineligibility_reasons(trip, candidate.capabilities(trip.last_day))
    return reasons + vehicle_ineligibility_reasons(trip, build_vehicle_offer(bid))


def require_eligible(bid: Bid, charter: Charter, request: BidRequest | None, candidate: CandidateVendor | None) -> None:
    """Raise VendorNotEligible with every reason unless the bid can be awarded."""
    reasons = bid_ineligibility_reasons(bid, charter, request, candidate)
    if reasons:
        raise VendorNotEligible(
            f"The vendor is not eligible to bid: {'; '.join(reasons)}",
            fields=[FieldError("vendor_id", reason) for reason in reasons],
        )


def build_offer(bid: Bid, candidate: CandidateVendor | None) -> BidOffer:
    """A bid as an offer to rank."""
    return BidOffer(
        bid_id=bid.id,
        vehicle_class=bid.vehicle_type,
        price=bid.terms.quoted_price,
        vehicles=bid.vehicle_count,
        rating=candidate.figures.rating if candidate else None,
        is_preferred=candidate.vendor.is_preferred if candidate else False,
        submitted_at=bid.submitted_at or bid.created_at,
    )


def bid_valid_until(bid: Bid, request: BidRequest | None) -> datetime | None:
    """When a bid expires, with the current deadline of `request`."""
    return bid.valid_until if request is None else request.bid_valid_until(bid)


def build_evaluated_bids(
    bids: Iterable[Bid], charter: Charter, request: BidRequest | None, candidates: Mapping[str, CandidateVendor]
) -> list[EvaluatedBid]:
    """Bids with what the award decision depends on."""
    return [
        EvaluatedBid(
            build_offer(bid, candidates.get(bid.vendor_id)),
            bid_valid_until(bid, request) or clock.now(),
            bid_ineligibility_reasons(bid, charter, request, candidates.get(bid.vendor_id)),
        )
        for bid in bids
    ]
