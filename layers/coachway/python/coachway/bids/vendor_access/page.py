"""The page on which a vendor answers an invitation. It works on a phone, without a password or JavaScript."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Final

from pydantic import ConfigDict, Field, ValidationError

from coachway.bids import service
from coachway.bids.requests import invitation_links, invitations
from coachway.bids.requests.invitation_links import LinkedInvitation
from coachway.bids.schemas import BidInput
from coachway.bids.vendor_access import page_content
from coachway.bookings import charter_text
from coachway.bookings.charter_text import build_formatter
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.documents import html
from coachway.core.http.response_types import HtmlResponse
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.schemas import RequestSchema
from coachway.core.types.text import LINE, OptionalText, ShortNote
from coachway.identity import organization_queries
from coachway.identity.organizations.branding import build_brand

TEMPLATES: Final = Path(__file__).parent / "templates"
_MAX_PRICE: Final = Decimal(10_000_000)


class BidForm(RequestSchema):
    """The form to bid. All fields are text, because the page shows invalid values again with an error."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"quoted_price": "1250.00", "passenger_capacity": "56", "vehicle_count": "1", "driver_name": "Mike"}
            ]
        }
    )

    quoted_price: Annotated[str, Field(max_length=20), LINE] = ""
    passenger_capacity: Annotated[str, Field(max_length=6), LINE] = ""
    vehicle_type: Annotated[
        str,
        Field(max_length=40, description="The class to bid for, if the trip needs vehicles of several classes."),
        LINE,
    ] = ""
    vehicle_count: Annotated[str, Field(max_length=4), LINE] = ""
    driver_name: OptionalText = ""
    offers_amenities: Annotated[bool, Field(description="Whether the vehicles have all required amenities.")] = False
    is_ada_compliant: bool = False
    notes: ShortNote = ""


class DeclineInvitationForm(RequestSchema):
    """The form to decline an invitation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "No coach is free that day."}]})

    reason: ShortNote = ""


class WithdrawalForm(RequestSchema):
    """The form to withdraw a bid."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"vehicle_type": ""}]})

    vehicle_type: Annotated[
        str, Field(max_length=40, description="The class of the bid, if the trip needs several classes."), LINE
    ] = ""


def render_bid_page(caller: Caller, token: str) -> HtmlResponse:
    """Render the page of an invitation, and record the view. Raises NotFound if the link is not valid."""
    linked = invitation_links.open_invitation_link(caller, token)
    invitation_links.record_view(linked)
    return _render(linked, base_path=f"{token}/")


def submit_bid_form(caller: Caller, token: str, form: BidForm) -> HtmlResponse:
    """Submit a bid and redirect to the page; show the form again if a value is invalid."""
    linked = invitation_links.open_invitation_link(caller, token)
    values = form.model_dump()
    field_errors, body = _parse_form(form, linked)
    if body is None:
        return _render(linked, status=422, values=values, field_errors=field_errors)
    try:
        return _redirect_after(caller, token, values, lambda: service.create_submitted_bid(linked.caller, body))
    except errors.Duplicate:
        return _render_existing_bid(invitation_links.open_invitation_link(caller, token), token, body, values)


def _render_existing_bid(
    linked: LinkedInvitation, token: str, body: BidInput, values: Mapping[str, object]
) -> HtmlResponse:
    """Answer a vendor that has a bid already. If it is the same, such as after a second tap, redirect to the page."""
    bid = page_content.find_bid(linked, body.vehicle_type)
    if bid is None or not bid.status.is_active:
        problem = "Your company has a draft bid for this trip. Log in to submit or withdraw it."
        return _render(linked, status=409, problem=problem, values=values)
    if (bid.terms.quoted_price, bid.vehicle_count) == (body.quoted_price, body.vehicle_count):
        return _redirect_to_page(token)
    price = build_formatter(organization_queries.get_organization(bid.org_id)).money(
        bid.terms.quoted_price, bid.currency
    )
    problem = f"You have already bid {price}, so this bid was not submitted. Withdraw the first bid to bid again."
    return _render(linked, status=409, problem=problem, values=values)


def submit_decline_form(caller: Caller, token: str, form: DeclineInvitationForm) -> HtmlResponse:
    """Decline the invitation and redirect to the page."""

    def decline() -> None:
        linked = invitation_links.open_invitation_link(caller, token)
        invitations.decline_invitation(linked.caller, linked.invitation, linked.request, form.reason.strip())

    return _redirect_after(caller, token, form.model_dump(), retry_on_conflict(decline))


def submit_withdrawal_form(caller: Caller, token: str, form: WithdrawalForm) -> HtmlResponse:
    """Withdraw the bid and redirect to the page. The vendor can bid again while bidding is open."""

    def withdraw() -> None:
        linked = invitation_links.open_invitation_link(caller, token)
        bid = page_content.find_bid(linked, form.vehicle_type)
        if bid is None:
            raise errors.Conflict("There is no bid to withdraw.")
        service.withdraw_bid(linked.caller, bid.id)

    return _redirect_after(caller, token, {}, withdraw)


def _redirect_after(
    caller: Caller, token: str, values: Mapping[str, object], action: Callable[[], object]
) -> HtmlResponse:
    """Run `action` and redirect to the page; show the page with the problem if it raises Conflict."""
    try:
        action()
    except errors.Duplicate:
        raise
    except errors.Conflict as conflict:
        problem = conflict.detail or conflict.title
        linked = invitation_links.open_invitation_link(caller, token)
        return _render(linked, status=409, problem=problem, values=values)
    return _redirect_to_page(token)


def _redirect_to_page(token: str) -> HtmlResponse:
    return HtmlResponse("", status=303, headers={"Location": f"../{token}"})


def _parse_form(form: BidForm, linked: LinkedInvitation) -> tuple[dict[str, str], BidInput | None]:
    """Parse the form; returns the errors by field, or the bid."""
    charter, field_errors = linked.charter, dict[str, str]()
    vehicle_class = form.vehicle_type if linked.is_mixed else charter.vehicle_class
    remaining = max(1, charter.count_uncovered_vehicles()[vehicle_class])
    if vehicle_class not in {group.vehicle_class for group in charter.list_groups()}:
        field_errors["vehicle_type"] = "Choose the vehicles that you bid for."
    price = _parse_amount(form.quoted_price)
    if price is None:
        field_errors["quoted_price"] = "Enter your price, such as 1250.00."
    seats = _parse_number(form.passenger_capacity, 1000)
    if seats is None:
        field_errors["passenger_capacity"] = "Enter the number of passenger seats of each vehicle."
    count = _parse_number(form.vehicle_count or str(remaining), remaining)
    if count is None:
        field_errors["vehicle_count"] = (
            f"Enter a number from 1 to {remaining}." if remaining > 1 else "Only one vehicle is needed now."
        )
    if field_errors or price is None:
        return field_errors, None
    try:
        body = BidInput(
            vendor_id=linked.invitation.vendor_id,
            charter_id=charter.id,
            quoted_price=price,
            vehicle_type=vehicle_class,
            vehicle_count=count,
            passenger_capacity=seats or 1,
            driver_name=" ".join(form.driver_name.split()) or None,
            amenities=list(charter.amenities) if form.offers_amenities else [],
            is_ada_compliant=form.is_ada_compliant,
            notes=form.notes.strip(),
        )
    except ValidationError:
        return {"notes": "The form contains an invalid value."}, None
    return {}, body


def _parse_amount(text: str) -> int | None:
    """The cents of `1250`, `1,250.00` or `$1250.5`; None if it is not an amount."""
    try:
        value = Decimal(text.strip().lstrip("$").replace(",", ""))
    except InvalidOperation:
        return None
    cents = value * 100 if value.is_finite() else Decimal(0)
    return int(cents) if 0 < value <= _MAX_PRICE and cents == cents.to_integral_value() else None


def _parse_number(text: str, maximum: int) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text) <= maximum else None


def _render(
    linked: LinkedInvitation,
    *,
    base_path: str = "",
    status: int = 200,
    problem: str = "",
    values: Mapping[str, object] | None = None,
    field_errors: Mapping[str, str] | None = None,
) -> HtmlResponse:
    organization = organization_queries.get_organization(linked.charter.org_id)
    formatter = build_formatter(organization)
    counts = page_content.count_vehicles_to_bid_for(linked)
    first_class, count = next(iter(counts.items()), ("", 1))
    is_one_class = len(counts) == 1
    defaults = {
        "vehicle_type": first_class if is_one_class else "",
        "vehicle_count": str(count) if is_one_class else "",
        "reason": "",
    }
    return html.render_template(
        TEMPLATES,
        "bid.html",
        brand=build_brand(organization),
        status=status,
        base_path=base_path,
        vendor=linked.vendor.business_name,
        number=linked.charter.number,
        heading=f"Trip {linked.charter.number}",
        route=charter_text.describe_route(linked.charter.stops),
        facts=page_content.describe_trip(linked.charter, formatter),
        stops=charter_text.describe_stops(linked.charter.stops, formatter),
        message=linked.request.message,
        deadline=formatter.moment(linked.request.deadline, linked.charter.timezone),
        is_open=page_content.is_open(linked),
        has_trip=page_content.has_trip(linked),
        withdrawals=page_content.list_withdrawals(linked),
        banners=page_content.build_banners(linked, formatter),
        problem=problem,
        classes=page_content.list_class_options(linked),
        vehicles=sum(counts.values()) if is_one_class else 0,
        amenities=charter_text.amenity_names(linked.charter),
        requires_ada=linked.request.requires_ada,
        currency=linked.request.currency,
        is_sealed=linked.request.is_sealed,
        values={**BidForm().model_dump(), **defaults, **(values or {})},
        errors=field_errors or {},
    )
