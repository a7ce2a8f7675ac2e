"""The page on which a vendor answers an invitation: phone first, without a password and without script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Final

from pydantic import ConfigDict, Field, ValidationError

from coachway.bids import service
from coachway.bids.model import BidInput
from coachway.bids.requests import invitation_links, invitations
from coachway.bids.requests.invitation_links import Invited
from coachway.bids.rules import BidStatus, RequestStatus
from coachway.bookings import charter_text
from coachway.bookings.charter_text import brand_of, formatter_of
from coachway.bookings.charters.model import Charter
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.documents import html
from coachway.core.documents.formatting import Formatter
from coachway.core.http.response_types import HtmlResponse
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.schemas import RequestSchema
from coachway.identity import organization_queries

TEMPLATES: Final = Path(__file__).parent / "templates"
_LARGEST: Final = Decimal(10_000_000)


class BidForm(RequestSchema):
    """What the form posts that bids; what is missing or wrong is asked for on the page."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"quoted_price": "1250.00", "passenger_capacity": "56", "vehicle_count": "1", "driver_name": "Mike"}
            ]
        }
    )

    quoted_price: Annotated[str, Field(max_length=20, pattern=r"^[^\x00-\x1f]*$")] = ""
    passenger_capacity: Annotated[str, Field(max_length=6, pattern=r"^[^\x00-\x1f]*$")] = ""
    vehicle_count: Annotated[str, Field(max_length=4, pattern=r"^[^\x00-\x1f]*$")] = ""
    driver_name: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = ""
    offers_amenities: Annotated[bool, Field(description="all that the trip asks for")] = False
    is_ada_compliant: bool = False
    notes: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] = ""


class DeclineForm(RequestSchema):
    """What the form posts that declines an invitation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "No coach is free that day."}]})

    reason: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] = ""


def show_page(caller: Caller, token: str) -> HtmlResponse:
    """The page of an invitation. Raises NotFound for a link that was not made here."""
    invited = invitation_links.open_invitation_link(caller, token)
    invitation_links.record_view(invited)
    return _render_page(invited, here=f"{token}/")


def submit_form(caller: Caller, token: str, form: BidForm) -> HtmlResponse:
    """Bid, and lead back to the page; what is missing is asked for."""
    invited = invitation_links.open_invitation_link(caller, token)
    sent = form.model_dump()
    wrong, requested = _read_form(form, invited)
    if requested is None:
        return _render_page(invited, status=422, sent=sent, wrong=wrong)
    try:
        return _run_form(caller, token, sent, lambda: service.create_and_submit(invited.caller, requested))
    except errors.Duplicate:
        return _show_earlier_bid(invitation_links.open_invitation_link(caller, token), token, requested, sent)


def _show_earlier_bid(invited: Invited, token: str, body: BidInput, sent: Mapping[str, object]) -> HtmlResponse:
    """What somebody sees who has bid before: after the same bid, such as a second tap, what the first one saw."""
    existing = invited.bid
    if existing is None or not existing.status.is_live:
        trouble = "A bid for this trip was begun elsewhere. Log in to send or withdraw it."
        return _render_page(invited, status=409, trouble=trouble, sent=sent)
    if (existing.terms.quoted_price, existing.vehicle_count) == (body.quoted_price, body.vehicle_count):
        return _redirect_to_page(token)
    price = formatter_of(organization_queries.get(existing.org_id)).money(
        existing.terms.quoted_price, existing.currency
    )
    trouble = f"You have bid {price} already, and this second bid was not taken. Withdraw the first to bid anew."
    return _render_page(invited, status=409, trouble=trouble, sent=sent)


def decline_form(caller: Caller, token: str, form: DeclineForm) -> HtmlResponse:
    """Decline, and lead back to the page."""

    def act() -> None:
        now = invitation_links.open_invitation_link(caller, token)
        invitations.decline_invitation(now.caller, now.invitation, now.request, form.reason.strip())

    return _run_form(caller, token, form.model_dump(), retry_on_conflict(act))


def withdraw_form(caller: Caller, token: str) -> HtmlResponse:
    """Take the bid back, and lead back to the page, where another can be made as long as bidding is open."""

    def act() -> None:
        now = invitation_links.open_invitation_link(caller, token)
        if now.bid is None:
            raise errors.Conflict("There is no bid to withdraw.")
        service.withdraw(now.caller, now.bid.id)

    return _run_form(caller, token, {}, act)


def _run_form(caller: Caller, token: str, sent: Mapping[str, object], act: Callable[[], object]) -> HtmlResponse:
    try:
        act()
    except errors.Duplicate:
        raise
    except errors.Conflict as refusal:
        trouble = refusal.detail or refusal.title
        return _render_page(
            invitation_links.open_invitation_link(caller, token), status=409, trouble=trouble, sent=sent
        )
    return _redirect_to_page(token)


def _redirect_to_page(token: str) -> HtmlResponse:
    return HtmlResponse("", status=303, headers={"Location": f"../{token}"})


def _read_form(form: BidForm, invited: Invited) -> tuple[dict[str, str], BidInput | None]:
    charter, remaining, wrong = invited.charter, _remaining_vehicles(invited), dict[str, str]()
    price = _parse_amount(form.quoted_price)
    if price is None:
        wrong["quoted_price"] = "Enter your price, such as 1250.00."
    seats = _parse_number(form.passenger_capacity, 1000)
    if seats is None:
        wrong["passenger_capacity"] = "Enter how many passengers each vehicle takes."
    count = _parse_number(form.vehicle_count or str(remaining), remaining)
    if count is None:
        wrong["vehicle_count"] = (
            f"Enter a number from 1 to {remaining}." if remaining > 1 else "Only one vehicle is needed now."
        )
    if wrong or price is None:
        return wrong, None
    try:
        requested = BidInput(
            vendor_id=invited.invitation.vendor_id,
            charter_id=charter.id,
            quoted_price=price,
            vehicle_type=charter.vehicle_class,
            vehicle_count=count,
            passenger_capacity=seats or 1,
            driver_name=" ".join(form.driver_name.split()) or None,
            amenities=list(charter.amenities) if form.offers_amenities else [],
            is_ada_compliant=form.is_ada_compliant,
            notes=form.notes.strip(),
        )
    except ValidationError:
        return {"notes": "Something in this form was not right."}, None
    return {}, requested


def _parse_amount(text: str) -> int | None:
    """Cents of `1250`, `1,250.00` or `$1250.5`."""
    try:
        value = Decimal(text.strip().lstrip("$").replace(",", ""))
    except InvalidOperation:
        return None
    cents = value * 100 if value.is_finite() else Decimal(0)
    return int(cents) if 0 < value <= _LARGEST and cents == cents.to_integral_value() else None


def _parse_number(text: str, most: int) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text) <= most else None


def _render_page(
    invited: Invited,
    *,
    here: str = "",
    status: int = 200,
    trouble: str = "",
    sent: Mapping[str, object] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> HtmlResponse:
    organization = organization_queries.get(invited.charter.org_id)
    words = formatter_of(organization)
    usual = {"vehicle_count": str(_remaining_vehicles(invited)), "reason": ""}
    return html.render_template(
        TEMPLATES,
        "bid.html",
        brand=brand_of(organization),
        status=status,
        here=here,
        vendor=invited.vendor.business_name,
        number=invited.charter.number,
        heading=f"Trip {invited.charter.number}",
        route=charter_text.describe_route(invited.charter.stops),
        facts=_trip_facts(invited.charter, words),
        stops=charter_text.describe_stops(invited.charter.stops, words),
        message=invited.request.message,
        until=words.moment(invited.request.deadline, invited.charter.timezone),
        is_open=_is_open(invited),
        can_withdraw=invited.bid is not None and invited.bid.status.is_live,
        banner=_build_banner(invited, words),
        trouble=trouble,
        vehicles=_remaining_vehicles(invited),
        amenities=charter_text.amenity_names(invited.charter),
        requires_ada=invited.request.requires_ada,
        currency=invited.request.currency,
        is_sealed=invited.request.is_sealed,
        sent={**BidForm().model_dump(), **usual, **(sent or {})},
        errors=wrong or {},
    )


def _trip_facts(charter: Charter, words: Formatter) -> list[charter_text.Fact]:
    result = charter_text.describe_trip(charter)
    return [*result, charter_text.Fact("Miles", words.number(charter.miles))]


def _remaining_vehicles(invited: Invited) -> int:
    """How many vehicles there are to bid for."""
    return max(1, len(invited.charter.uncovered_vehicles))


def _has_bid(invited: Invited) -> bool:
    return invited.bid is not None and invited.bid.status not in {BidStatus.WITHDRAWN, BidStatus.EXPIRED}


def _is_open(invited: Invited) -> bool:
    """Whether the vendor may bid: also one whose bid was rejected before bidding was closed."""
    under_way = invited.bid is not None and (invited.bid.status.is_live or invited.bid.status is BidStatus.ACCEPTED)
    return invited.request.status is RequestStatus.OPEN and not under_way


def _build_banner(invited: Invited, words: Formatter) -> tuple[str, str, str] | None:
    """What to know first: title, text, mood."""
    if invited.bid is not None and _has_bid(invited):
        price = words.money(invited.bid.terms.quoted_price, invited.bid.currency)
        match invited.bid.status:
            case BidStatus.ACCEPTED if invited.bid.called_off_at is not None:
                why = invited.bid.called_off_reason.rstrip(".")
                return ("This job is called off", f"You had won it. Please do not send a vehicle: {why}.", "bad")
            case BidStatus.ACCEPTED:
                when = words.day(invited.bid.payout_date) if invited.bid.payout_date else ""
                return ("Your bid was accepted", f"You run this trip for {price}. We pay you on {when}.", "good")
            case BidStatus.REJECTED:
                return ("Your bid was not accepted", invited.bid.decision_reason, "bad")
            case _:
                return ("Your bid is in", f"You bid {price}. We will tell you by email what was decided.", "good")
    if invited.request.status is RequestStatus.CANCELLED:
        return ("Bids are not needed any more", invited.request.status_reason, "bad")
    if invited.request.status is not RequestStatus.OPEN:
        return ("Bidding is closed", "Thank you for your interest.", "bad")
    if invited.invitation.is_accepted is False:
        return ("You declined", "You may still bid until the deadline.", "")
    return None
