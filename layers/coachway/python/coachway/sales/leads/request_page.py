"""The page on which anybody can ask an organization for a quote. It works on a phone and without JavaScript."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, ValidationError

from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.documents import html
from coachway.core.http.response_types import HtmlResponse
from coachway.core.problem_details import Problem
from coachway.core.runtime import clock
from coachway.core.schemas import RequestSchema
from coachway.core.types.contact import normalize_phone
from coachway.core.types.text import LINE, PARAGRAPH
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization
from coachway.identity.organizations.branding import build_brand
from coachway.sales.leads import public_requests
from coachway.sales.leads.public_requests import PublicLead

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
_DEFAULT_REGION: Final = "US"
_US_DATE: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST: Final = 5000
_STYLE: Final = """
.trap{position:absolute;left:-99rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:0 1rem}
"""

FormLine = Annotated[str, Field(max_length=_LONGEST), LINE]
"""What a person typed, longer than allowed too: the page shows it again with an error."""
FormParagraph = Annotated[str, Field(max_length=_LONGEST), PARAGRAPH]
"""The same for several lines."""

_MESSAGES: Final = {
    "name": "Enter your name.",
    "phone": "Enter a phone number with area code, such as (212) 555-0123.",
    "email": "Enter an email address such as name@example.com.",
    "company": "Shorten this to 200 characters.",
    "passengers": "Enter the number of passengers, such as 48.",
    "trip_date": "Enter the date of the trip.",
    "trip_time": "Enter a time such as 08:30.",
    "return_date": "Enter a date that is not before the trip.",
    "pickup": "Shorten this to 200 characters.",
    "dropoff": "Shorten this to 200 characters.",
    "details": "Shorten this to 4,000 characters.",
}
_FIELD_OF: Final = {
    "first_name": "name",
    "last_name": "name",
    "estimated_passengers": "passengers",
    "estimated_trip_date": "trip_date",
    "estimated_trip_time": "trip_time",
    "estimated_return_date": "return_date",
    "pickup_location": "pickup",
    "dropoff_location": "dropoff",
    "trip_details": "details",
}
"""The fields of the form by the fields of a lead that have other names."""


class QuoteRequestForm(RequestSchema):
    """The form of the page. All fields are text, because the page shows invalid values again with an error.

    `website` is a trap for programs, which people do not see.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Bob Wilson", "phone": "(212) 555-0123", "passengers": "48", "trip_date": "2027-05-14"}
            ]
        }
    )

    name: FormLine = ""
    phone: FormLine = ""
    email: FormLine = ""
    company: FormLine = ""
    passengers: FormLine = ""
    trip_date: FormLine = ""
    trip_time: FormLine = ""
    return_date: FormLine = ""
    pickup: FormLine = ""
    dropoff: FormLine = ""
    details: FormParagraph = ""
    website: FormLine = ""


def render_request_page(slug: str) -> HtmlResponse:
    """Render the form. Raises NotFound for the slug."""
    return _render(_load_organization(slug), QuoteRequestForm(), base_path=f"{slug}/")


def submit_request_form(caller: Caller, slug: str, form: QuoteRequestForm) -> HtmlResponse:
    """Capture the request and redirect to the thanks; show the form again if a value is invalid."""
    organization = _load_organization(slug)
    request, field_errors = _parse_form(organization, form)
    if request is None:
        return _render(organization, form, status=422, field_errors=field_errors)
    try:
        public_requests.receive_request(caller, slug, request)
    except errors.RateLimited:
        problem = "Too many requests were sent from here. Wait a while, or contact us directly."
        return _render(organization, form, status=429, problem=problem)
    return HtmlResponse("", status=303, headers={"Location": "thanks"})


def render_thanks_page(slug: str) -> HtmlResponse:
    """Render the confirmation. Raises NotFound for the slug."""
    return html.render_template(TEMPLATES, "request_received.html", brand=build_brand(_load_organization(slug)))


def render_error_page(problem: Problem) -> HtmlResponse:
    """Render an error with the contact details of the organization in the path, if there is one."""
    segments = problem.instance.split("/")
    slug = segments[segments.index("request-quote") + 1] if "request-quote" in segments[:-1] else ""
    try:
        return html.error_page(problem, build_brand(_load_organization(slug)) if problem.status < 500 else html.PRODUCT)
    except errors.NotFound:
        return html.error_page(problem, html.PRODUCT)


def consent_text(organization: Organization) -> str:
    """What the person agrees to by sending the form."""
    name = organization.display_name
    return f"By sending this request, you agree that {name} may contact you about it by phone, text message or email."


def _load_organization(slug: str) -> Organization:
    return organization_queries.get_organization(public_requests.find_organization_id(slug))


def _parse_form(organization: Organization, form: QuoteRequestForm) -> tuple[PublicLead | None, dict[str, str]]:
    """Parse the form; return the request, or the errors by field."""
    field_errors = _find_missing(form)
    trip_date = _parse_date(form.trip_date)
    if trip_date is not None and _ISO_DATE.fullmatch(trip_date) and trip_date < _today(organization).isoformat():
        field_errors["trip_date"] = "This date has passed. Enter a date from today on."
    first_name, _, last_name = " ".join(form.name.split()).partition(" ")
    values: dict[str, Any] = {
        "first_name": first_name,
        "last_name": last_name,
        "phone": _parse_phone(organization, form.phone) if form.phone.strip() else None,
        "email": form.email.strip() or None,
        "company": form.company,
        "estimated_passengers": form.passengers.strip() or None,
        "estimated_trip_date": trip_date,
        "estimated_trip_time": form.trip_time.strip() or None,
        "estimated_return_date": _parse_date(form.return_date),
        "pickup_location": form.pickup,
        "dropoff_location": form.dropoff,
        "trip_details": form.details,
        "consent_text": consent_text(organization),
        "website": form.website[:200],
    }
    try:
        request = PublicLead.model_validate(values)
    except ValidationError as failure:
        for error in failure.errors():
            field_errors.update(_describe_error(error))
        return None, field_errors
    return (None, field_errors) if field_errors else (request, {})


def _find_missing(form: QuoteRequestForm) -> dict[str, str]:
    missing: dict[str, str] = {}
    if not form.name.strip():
        missing["name"] = _MESSAGES["name"]
    if not form.phone.strip() and not form.email.strip():
        missing["phone"] = "Enter a phone number or an email address, so that we can answer."
    return missing


def _describe_error(error: Mapping[str, Any]) -> dict[str, str]:
    """Return the message of an error of the request, by the field of the form."""
    location = str(error["loc"][0]) if error["loc"] else str(error["msg"]).removeprefix("Value error, ")
    name = next((field for field in _FIELD_OF if location.startswith(field)), location)
    field = _FIELD_OF.get(name, name)
    return {field: _MESSAGES[field]} if field in _MESSAGES else {}


def _parse_phone(organization: Organization, text: str) -> str:
    """Return a number in E.164 if it is one where the organization is, else the text itself."""
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse, region_code_for_number

    try:
        own = parse(organization.branding.phone, None) if organization.branding.phone else None
        region = (region_code_for_number(own) if own else None) or _DEFAULT_REGION
        return normalize_phone(format_number(parse(text, region), PhoneNumberFormat.E164))
    except (NumberParseException, ValueError):
        return text.strip()


def _parse_date(text: str) -> str | None:
    """Return `2027-05-14` of `5/14/2027`; any other text as it is; None if it is empty."""
    match = _US_DATE.fullmatch(text.strip())
    if match is None:
        return text.strip() or None
    month, day, year = match.groups()
    return f"{year}-{month:0>2}-{day:0>2}"


def _today(organization: Organization) -> date:
    now: datetime = clock.now().astimezone(ZoneInfo(organization.timezone))
    return now.date()


def _render(
    organization: Organization,
    form: QuoteRequestForm,
    *,
    base_path: str = "",
    status: int = 200,
    problem: str = "",
    field_errors: Mapping[str, str] | None = None,
) -> HtmlResponse:
    ordered = [name for name in QuoteRequestForm.model_fields if name in (field_errors or {})]
    return html.render_template(
        TEMPLATES,
        "request_quote.html",
        brand=build_brand(organization),
        status=status,
        more_style=_STYLE,
        base_path=base_path,
        values=form.model_dump(),
        errors={name: (field_errors or {})[name] for name in ordered},
        problem=problem,
        consent=consent_text(organization),
        today=_today(organization).isoformat(),
    )
