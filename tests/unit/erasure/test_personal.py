"""Every text of a record or an event is marked as personal data or declared harmless, with the reason."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

import pytest
from annotated_types import MaxLen
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model

from coachway.billing.invoices.model import Receivable
from coachway.billing.invoicing_runs.monthly_run import InvoicingRun
from coachway.billing.payments.model import StripeCustomer
from coachway.bookings.charters.charter_summary import CharterSummary
from coachway.bookings.charters.model import Charter, CharterId
from coachway.clients.model import Address, Client, Contact
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.records import Record
from coachway.core.persistence.search_entries import SearchEntry
from coachway.core.types.personal import Personal
from coachway.core.types.text import Note, Text
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.erasure.model import Erasure
from coachway.erasure.redaction import list_field_shapes
from coachway.identity.model.field_types import Currency
from coachway.messaging.model import Notification
from coachway.pricing.quote_model import Quote
from coachway.sales.leads.activity_model import Activity
from coachway.sales.leads.model import Lead, LeadOfClient
from tools.function_modules import import_everything

import_everything()

TEXTS: Final = ("Zebedee Quill", "quill", "zeb@quill.example", "+12125550123", "10005", "QUILL")
"""A type that accepts none of these cannot hold personal data: ids, enums, codes, dates, digests."""
COORDINATES: Final = ("latitude", "longitude")

HARMLESS_NAMES: Final[Mapping[str, str]] = {
    "codes and dates": "currency timezone month week recurrence_rule last_event_id",
    "numbers of charters, invoices and proposals": "number charter_number proposal_number declined_numbers",
    "random values and digests": "nonce previous_nonce link_nonce digest body_digest token",
    "ids of users": """
        opened_by closed_by decided_by paid_by requested_by created_by reviewed_by submitted_by rated_by
        declined_by ended_by performed_by adjusted_by""",
    "codes of the price list": """
        vehicle_class vehicle_type vehicle_types passengers_per_vehicle amenities route promo_code code rule_type""",
    "words of the code": """
        status old_status new_status role method channel template part flow state source lead_kind lost_reason
        activity_type""",
    "results of checks, workflows and Stripe": "error failure failure_code failure_message missing_documents",
    "vehicles and their garages": "vehicle_name plate garage_latitude garage_longitude",
    "what counters are about": "subject",
    "organizations and their permissions": "organization_name slug permissions",
}
"""Fields that hold no personal data in any class, unless they are a Text or a Note. So do names in `_id` and `_ids`."""

HARMLESS_FIELDS: Final[Mapping[str, str]] = {
    "ids and keys of items": """
        SearchEntry.record_kind SearchEntry.record_pk SearchEntry.record_sk
        TripReminders.announced_assignments
        JournalEntry.reference Notification.about NotificationDelivered.about NotificationFailed.about
        Invoice.credit_booked DiaryPage.resource Envelope.aggregate_pk Execution.execution
        RuleEntry.entry RuleEntry.shelf ClientErasureContinued.cursor""",
    "words of the code": """
        CharterPriceAdjusted.price_display
        Cancellation.initiated_by CharterCancelled.initiated_by Charter.workflow_failures TripStop.stop_type
        ClientCreated.client_type _Document.document_type _Document.subject_type AssignmentOffered.chosen_by
        RecoveryEvent.reason ScoreReason.topic UserSignedOut.reason NotificationFailed.reason
        _Vendor.vendor_type Envelope.type
        Change.field Execution.waits_for CounterRecord.numbers Vendor.numbers Timer.name CardConsent.version
        CardConsent.page""",
    "sentences that the code writes, without names": """
        VendorMatch.reasons ScoreReason.reason JournalEntry.memo PaymentUnapplied.trouble TripDocumentsMissing.reasons
        Reason.message Reason.citation Notice.message StatusChanged.message CardConsent.text
        PriceAdjustments.accepted_messages""",
    "lines of invoices, which bookkeeping keeps": "InvoiceLine.description PriceLine.label Line.label "
    "Line.public_label InvoiceLine.tax_note ManualLine.label ManualDiscount.label AllInPrice.label",
    "ids of assignment rules and dates": """
        Roster.days Rotation.counts Rotation.credits Rotation.recent Rotation.weights""",
    "digests and secrets": """
        LeadContact.fingerprint
        Payment.request_key Payment.request_body Credentials.password_hash Credentials.recovery Credentials.totp
        Credentials.totp_pending Lockout.account_digest Session.current Session.family SigningKey.kid SigningKey.public
        SigningKey.sealed ApiKey.hint PendingLink.address_digest QuoteLink.address_digest Proposal.address_digest""",
    "names that an organization gives to its own things": """
        OrganizationSettings.vehicle_classes RuleInput.public_label
        ApiKey.name ApiKeyCreated.name ApiKeyDeleted.name NewRole.name RoleCreated.name RoleDeleted.name
        RoleUpdated.name RoleSettings.description RuleInput.name RuleInput.description PricingRuleChanged.name
        PricingRuleCreated.name PricingRuleDeleted.name AmenityTerms.name AmenityTerms.description
        PromoTerms.description VehicleInput.name TripRecovered.replacement_vehicle_name""",
    "the organization itself": """
        Assignment.document_problems
        Branding.address Branding.display_name Branding.email Branding.phone NumberPrefixes.change
        NumberPrefixes.charter NumberPrefixes.invoice NumberPrefixes.move NumberPrefixes.organization
        NumberPrefixes.proposal
        LogoDetails.media_type LogoImage.image OrganizationSettings.name OrganizationRegistered.name""",
    "what is wrong with a vehicle": "DowntimeInput.note _Downtime.downtime_type",
    "documents and registrations of businesses": """
        DocumentInput.document_name DocumentInput.file_path DocumentInput.issuing_authority _Notice.document_name
        VendorInput.dot_number VendorInput.mc_number VendorInput.insurance_provider""",
    "the policy and terms of an organization that a client accepts": """
        OrganizationSettings.terms OrganizationSettings.bank_details TermsVersion.text
        Charter.terms_digest QuoteAccepted.terms_digest
        QuoteSent.cancellation_terms QuoteAccepted.cancellation_terms CharterBooked.cancellation_terms""",
    "redacted by the class of the event, or of the record that changed": "Change.new Change.old Envelope.data",
    "removed by DynamoDB after a day": "IdempotencyRecord.response",
    "encrypted with the address, which the table does not contain; removed by DynamoDB": "KeptAnswer.answer",
}
"""Single fields that hold no personal data, as `Class.field`, by the reason."""


class Field(NamedTuple):
    """A field that can hold a text, or a coordinate."""

    model: type[BaseModel]
    name: str
    marks: list[Personal]
    type: Any

    @property
    def path(self) -> str:
        return f"{self.model.__name__}.{self.name}"


def _subclasses(model: type[Any]) -> Iterator[type[Any]]:
    for subclass in model.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _leaves(hint: Any, metadata: Sequence[Any] = ()) -> Iterator[tuple[Any, list[Personal]]]:
    """The types that a type is made of, with their constraints and marks: `Text` and `Stop` of `list[Stop | Text]`."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        yield from _leaves(arguments[0], (*hint.__metadata__, *metadata))
    elif origin in (Union, UnionType):
        for each in arguments:
            yield from _leaves(each, metadata)
    elif origin is not None and origin is not Literal:
        marks = [each for each in metadata if isinstance(each, Personal)]
        for each in arguments:
            yield from ((leaf, [*marks, *more]) for leaf, more in _leaves(each))
    elif hint is not NoneType and hint is not Ellipsis:
        marks = [each for each in metadata if isinstance(each, Personal)]
        is_model = isinstance(hint, type) and issubclass(hint, BaseModel)
        yield (Annotated[(hint, *metadata)] if metadata and not is_model else hint), marks


def _holds_text(hint: Any) -> bool:
    adapter = TypeAdapter(hint)
    for text in TEXTS:
        try:
            value = adapter.validate_python(text)
        except ValidationError:
            continue
        if isinstance(value, str) and not isinstance(value, Enum):
            return True
    return False


def _stored_records() -> set[type[Record]]:
    """Records with a key; the others are only shown."""
    return {
        each for each in _subclasses(Record) if each.key is not Record.key and each.__module__.startswith("coachway.")
    }


def _list_fields(models: Iterable[type[BaseModel]]) -> list[Field]:
    """Every field of these models, and of the models in them, that can hold personal data."""
    pending, visited = list(models), set[type[BaseModel]]()
    result: dict[str, Field] = {}
    while pending:
        model = pending.pop()
        if model in visited:
            continue
        visited.add(model)
        hints = {name: (each.annotation, each.metadata) for name, each in model.model_fields.items()}
        hints |= {name: (each.return_type, []) for name, each in model.model_computed_fields.items()}
        for name, (hint, metadata) in hints.items():
            owner = next((each for each in model.__mro__ if name in inspect.get_annotations(each)), model)
            for leaf, marks in _leaves(hint, metadata):
                if isinstance(leaf, type) and issubclass(leaf, BaseModel):
                    pending.append(leaf)
                elif name.endswith(COORDINATES) or _holds_text(leaf):
                    result[f"{owner.__module__}.{owner.__qualname__}.{name}"] = Field(owner, name, marks, leaf)
    return [result[path] for path in sorted(result)]


@cache
def _fields() -> list[Field]:
    events = [event for event in Event.registry.values() if event.__module__.startswith("coachway.")]
    return _list_fields([*_stored_records(), *events])


def _words(texts: Mapping[str, str]) -> list[str]:
    return [word for text in texts.values() for word in text.split()]


def _is_declared(field: Field) -> bool:
    is_named = field.name == "id" or field.name.endswith(("_id", "_ids")) or field.name in _NAMES
    return bool(field.marks) or field.path in _PATHS or (is_named and field.type not in (Text, Note))


_NAMES: Final = frozenset(_words(HARMLESS_NAMES))
_PATHS: Final = frozenset(_words(HARMLESS_FIELDS))


def test_text_fields_are_marked_personal_or_declared_harmless() -> None:
    undeclared = [f"{field.model.__module__}.{field.path}" for field in _fields() if not _is_declared(field)]
    assert undeclared == [], "mark each with Personal(), or declare it harmless above with the reason"


def test_harmless_declarations_are_needed() -> None:
    unmarked = [each for each in _fields() if not each.marks]
    assert {each.name for each in unmarked} >= _NAMES
    assert {each.path for each in unmarked} >= _PATHS


@pytest.mark.parametrize("hint", [str, Note, Text | None, list[str], dict[str, Note], Annotated[str, MaxLen(5)], Any])
def test_new_text_field_is_detected(hint: Any) -> None:
    nested = create_model("Nested", remark=(hint, ...))
    assert [each.path for each in _list_fields([create_model("Added", nested=(list[nested] | None, None))])] == [
        "Nested.remark"
    ]


@pytest.mark.parametrize("hint", [int, bool, date, datetime, Literal["a", "b"], AssignmentStatus, CharterId, Currency])
def test_type_that_holds_no_text_is_harmless(hint: Any) -> None:
    assert _list_fields([create_model("Added", status=(hint, ...))]) == []


def test_erased_values_are_valid() -> None:
    invalid = []
    for field in (each for each in _fields() if each.marks):
        info = field.model.model_fields[field.name]
        blank = list_field_shapes(field.model)[field.name].blank
        try:
            TypeAdapter(Annotated[(info.annotation, *info.metadata)]).validate_python(blank)
        except ValidationError as error:
            invalid.append(f"{field.model.__module__}.{field.path}: {error}")
    assert invalid == []


def test_records_with_personal_data_of_clients_are_erased() -> None:
    """Each is in a list of some capability, or removed as a whole. Quotes and slim copies only lead to others."""
    lists = [
        records
        for module in list(sys.modules.values())
        if module.__name__.startswith("coachway.")
        for name, value in vars(module).items()
        if name.startswith("LISTS_OF_")
        for records in value
    ]
    erased_alone = {Activity, Lead, Charter, Client, InvoicingRun, Erasure}
    removed = {Address, Contact, Notification, StripeCustomer}
    written_with_their_records = {Receivable, SearchEntry, CharterSummary}
    holders = {
        each for each in _stored_records() if any(mark.data_subject == "client" for mark in _marks_within(each, set()))
    }
    assert holders == {each.model for each in lists if each.model not in (Quote, LeadOfClient)} | (
        erased_alone | removed | written_with_their_records
    )


def _marks_within(model: type[BaseModel], visited: set[type[BaseModel]]) -> Iterator[Personal]:
    if model in visited:
        return
    visited.add(model)
    for field in model.model_fields.values():
        for leaf, marks in _leaves(field.annotation, field.metadata):
            yield from marks
            if isinstance(leaf, type) and issubclass(leaf, BaseModel):
                yield from _marks_within(leaf, visited)
