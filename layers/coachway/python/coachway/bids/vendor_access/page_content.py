"""What the page of an invitation shows: the trip, what the vendor can bid for, and the state of its bids."""

from typing import Literal, NamedTuple

from coachway.bids.model.bid import Bid
from coachway.bids.requests.invitation_links import LinkedInvitation
from coachway.bids.rules import BidStatus, RequestStatus
from coachway.bookings import charter_text
from coachway.bookings.charters.model import Charter
from coachway.core.documents.formatting import Formatter
from coachway.core.types.code_words import format_vehicles


def find_bid(linked: LinkedInvitation, vehicle_class: str) -> Bid | None:
    """The vendor's last bid; for the class, if the trip needs several."""
    return linked.bids_by_class.get(vehicle_class) if linked.is_mixed else linked.bid


def describe_trip(charter: Charter, formatter: Formatter) -> list[charter_text.LabeledValue]:
    """The facts of the trip, with its miles."""
    facts = charter_text.describe_trip(charter)
    return [*facts, charter_text.LabeledValue("Miles", formatter.number(charter.miles))]


def count_vehicles_to_bid_for(linked: LinkedInvitation) -> dict[str, int]:
    """The numbers of vehicles that the vendor can bid for, by class; at least 1 of the only class of a trip."""
    if not linked.is_mixed:
        return {linked.charter.vehicle_class: max(1, len(linked.charter.uncovered_vehicles))}
    counts = linked.charter.count_uncovered_vehicles()
    return {name: count for name, count in counts.items() if not _has_bid(linked, name)}


def _has_bid(linked: LinkedInvitation, vehicle_class: str) -> bool:
    bid = find_bid(linked, vehicle_class)
    return bid is not None and (bid.status.is_active or bid.status is BidStatus.ACCEPTED)


def list_class_options(linked: LinkedInvitation) -> list[charter_text.LabeledValue]:
    """The vehicles that the vendor can choose to bid for, if the trip needs several classes: `2 × Minibus`."""
    if not linked.is_mixed:
        return []
    counts = count_vehicles_to_bid_for(linked)
    return [charter_text.LabeledValue(format_vehicles(count, name), name) for name, count in counts.items()]


def list_withdrawals(linked: LinkedInvitation) -> list[charter_text.LabeledValue]:
    """The bids that the vendor can withdraw: what the button says, and the class."""
    if not linked.is_mixed:
        can_withdraw = linked.bid is not None and linked.bid.status.is_active
        return [charter_text.LabeledValue("Withdraw this bid", "")] if can_withdraw else []
    return [
        charter_text.LabeledValue(f"Withdraw the bid for {format_vehicles(bid.vehicle_count, name)}", name)
        for name, bid in linked.bids_by_class.items()
        if bid.status.is_active
    ]


def is_open(linked: LinkedInvitation) -> bool:
    """Whether the vendor can bid; also if an earlier bid was rejected while bidding is open."""
    if linked.request.status is not RequestStatus.OPEN:
        return False
    return bool(count_vehicles_to_bid_for(linked)) if linked.is_mixed else not _has_bid(linked, "")


def has_trip(linked: LinkedInvitation) -> bool:
    """Whether the page shows the trip: while the vendor can bid for it, and then the revision that it has bid for."""
    bid = linked.bid
    return is_open(linked) or (bid is not None and bid.charter_revision == linked.charter.trip_revision)


class Banner(NamedTuple):
    """The state of the bid, or else of the request, at the top of the page."""

    title: str
    text: str
    tone: Literal["good", "bad", ""]


def build_banners(linked: LinkedInvitation, formatter: Formatter) -> list[Banner]:
    """One for each bid, or else one for the request; none if there is nothing to say."""
    bids = list(linked.bids_by_class.values()) if linked.is_mixed else [linked.bid]
    banners = [
        _build_bid_banner(bid, formatter)
        for bid in bids
        if bid is not None and bid.status not in {BidStatus.DRAFT, BidStatus.WITHDRAWN, BidStatus.EXPIRED}
    ]
    return banners or _build_request_banners(linked)


def _build_request_banners(linked: LinkedInvitation) -> list[Banner]:
    request = linked.request
    if request.status is RequestStatus.CANCELLED:
        return [Banner("This bid request was cancelled", "Thank you for your interest.", "bad")]
    if request.status is not RequestStatus.OPEN:
        return [Banner("Bidding is closed", "Thank you for your interest.", "bad")]
    if linked.invitation.is_accepted is False:
        return [Banner("You declined", "You can still bid until the deadline.", "")]
    return []


def _build_bid_banner(bid: Bid, formatter: Formatter) -> Banner:
    price = formatter.money(bid.terms.quoted_price, bid.currency)
    if bid.is_for_one_class:
        price += f" for {format_vehicles(bid.vehicle_count, bid.vehicle_type)}"
    match bid.status:
        case BidStatus.ACCEPTED if bid.award_released_at is not None:
            text = f"We no longer need you for this trip. Please do not send a vehicle. {bid.message_to_vendor}"
            return Banner("Your award was cancelled", text.rstrip(), "bad")
        case BidStatus.ACCEPTED:
            payday = formatter.day(bid.payout_date) if bid.payout_date else ""
            return Banner("Your bid was accepted", f"You run this trip for {price}. We pay you on {payday}.", "good")
        case BidStatus.REJECTED:
            return Banner("Your bid was not accepted", bid.message_to_vendor, "bad")
        case _:
            text = f"You bid {price}. We will email you when a decision is made."
            return Banner("Your bid was submitted", text, "good")
