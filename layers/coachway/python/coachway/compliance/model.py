"""Compliance documents, their subjects, and the access patterns."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from coachway.compliance.rules import DocumentStatus, DocumentSummary, DocumentType, SubjectType
from coachway.core.persistence.records import AccessPattern, Entity, Key, Record, stored_as
from coachway.core.schemas import PageQuery, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import Day, sortable, sortable_hour
from coachway.core.types.personal import Personal
from coachway.core.types.text import HttpsUrl, InputPattern, Note, Text

ComplianceId = Annotated[str, Field(pattern=ids.pattern("cmp"))]
VendorId = Annotated[str, Field(pattern=ids.pattern("ven"))]
DriverId = Annotated[str, Field(pattern=ids.pattern("drv"))]
VehicleId = Annotated[str, Field(pattern=ids.pattern("veh"))]

SUBJECT = AccessPattern(
    "a summary of the compliance documents of a vendor, driver, vehicle or organization",
    pk="ORG#{org}#COMPLIANCE#{subject_type}#{subject}",
    sk="SUBJECT",
)
DOCUMENT = AccessPattern(
    "a compliance document",
    pk="ORG#{org}#COMPLIANCE_DOCUMENT#{id}",
    sk="HEAD",
)
BY_MONTH = AccessPattern(
    "compliance documents, newest first, by the month in which they were submitted",
    index="gsi1",
    pk="ORG#{org}#COMPLIANCE_DOCUMENTS#{month}",
    sk="{id}",
)
OF_SUBJECT = AccessPattern(
    "the compliance documents of one subject, newest first",
    index="gsi2",
    pk="ORG#{org}#COMPLIANCE_OF#{subject_type}#{subject}",
    sk="{id}",
)
BY_STATUS = AccessPattern(
    "compliance documents by status: one queue of those to review, the others by month",
    index="gsi3",
    pk="ORG#{org}#COMPLIANCE_IN#{status}#{bucket}",
    sk="{id}",
)
DUE = AccessPattern(
    "compliance documents of all organizations by the hour in which they are processed next, for the timer",
    index="gsi4",
    pk="COMPLIANCE_DUE#{hour}",
    sk="{due}#{id}",
)

QUEUE: Final = "queue"
"""The bucket of documents that wait for review. It stays small, because reviewed documents leave it."""


class Subject(Record):
    """The owner of documents. A vendor, driver or vehicle is created with its subject in the same transaction.

    `documents` summarizes its documents, so that compliance is one consistent read and a condition for an award.
    """

    KIND: ClassVar[str] = "compliance_subject"

    org_id: str
    subject_type: SubjectType
    subject_id: str
    name: Annotated[str, Personal("driver")]
    email: Annotated[str, Personal("driver")] = ""
    documents: Annotated[list[DocumentSummary], stored_as("papers", "documents")] = Field(default_factory=list)

    def key(self) -> Key:
        return SUBJECT.key(org=self.org_id, subject_type=self.subject_type, subject=self.subject_id)


class DocumentInput(RequestSchema):
    """A document to submit for one of `vendor_id`, `driver_id`, `vehicle_id`, or the organization itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "vendor_id": "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
                    "document_type": "business_license",
                    "document_name": "California business license",
                    "document_number": "BL-2026-00123",
                    "issue_date": "2026-01-01",
                    "expiration_date": "2028-01-01",
                }
            ]
        }
    )

    vendor_id: VendorId | None = None
    driver_id: DriverId | None = None
    vehicle_id: VehicleId | None = None
    organization: Annotated[bool, Field(description="Whether the document belongs to the organization itself.")] = False

    document_type: DocumentType
    document_name: Text
    document_number: Annotated[Text | None, Personal("driver")] = None
    issuing_authority: Text | None = None
    issue_date: Day | None = None
    expiration_date: Annotated[
        Day | None, Field(description="Last day of validity. Omit if the document does not expire.")
    ] = None
    license_class: Annotated[
        Literal["A", "B", "C", "D"] | None,
        Field(description="Class of a `drivers_license` (49 CFR 383.91)."),
    ] = None
    endorsements: Annotated[
        list[Annotated[str, Field(pattern=r"^[A-Z]$")]],
        Field(
            max_length=10,
            description="Endorsements of a `drivers_license`, such as P for passengers (49 CFR 383.93).",
        ),
    ] = Field(default_factory=list)
    file_path: Text | None = None
    file_url: HttpsUrl | None = None
    file_size: Annotated[int | None, Field(ge=0, le=100_000_000, description="Size in bytes.")] = None
    file_type: Annotated[str, Field(max_length=100), InputPattern(r"^[A-Za-z0-9.+_-]+/[A-Za-z0-9.+_-]+$")] | None = None

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if self.issue_date and self.expiration_date and self.expiration_date < self.issue_date:
            raise ValueError("expiration_date: must not be before issue_date")
        if self.document_type is not DocumentType.DRIVERS_LICENSE and (self.license_class or self.endorsements):
            raise ValueError("license_class, endorsements: only allowed for a drivers_license")
        if self.document_type is DocumentType.DRIVERS_LICENSE and self.license_class is None:
            raise ValueError("license_class: required for a drivers_license")
        return self


class ComplianceDocument(Entity, DocumentInput):
    """A compliance document and its status."""

    KIND: ClassVar[str] = "compliance_document"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"due_at", "reminders_sent"})
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    subject_type: SubjectType
    subject_id: str
    status: DocumentStatus = DocumentStatus.PENDING
    submitted_by: str = ""
    reviewed_by: str | None = None
    reviewed_at: AwareDatetime | None = None
    review_notes: Annotated[str, Personal("driver")] = ""
    reminder_sent: bool = False
    reminder_sent_at: AwareDatetime | None = None
    reminders_sent: list[int] = Field(default_factory=list)
    """The reminders that were sent, in days before expiry."""
    due_at: AwareDatetime | None = None
    """When the timer processes it next."""

    def key(self) -> Key:
        return DOCUMENT.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        month = f"{ids.get_created_at(self.id):%Y-%m}"
        bucket = QUEUE if self.status.is_open else month
        result = {
            "gsi1": BY_MONTH.key(org=self.org_id, month=month, id=self.id),
            "gsi2": OF_SUBJECT.key(
                org=self.org_id, subject_type=self.subject_type, subject=self.subject_id, id=self.id
            ),
            "gsi3": BY_STATUS.key(org=self.org_id, status=self.status, bucket=bucket, id=self.id),
        }
        if self.due_at is not None:
            hour, due = sortable_hour(self.due_at), sortable(self.due_at)
            result["gsi4"] = DUE.key(hour=hour, due=due, id=self.id)
        return result

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {
            "status": self.status.value,
            "document_type": self.document_type.value,
            "subject_type": self.subject_type.value,
        }

    def summary(self) -> DocumentSummary:
        """The summary that is stored with the subject."""
        return DocumentSummary(
            id=self.id,
            document_type=self.document_type,
            status=self.status,
            expiration_date=self.expiration_date,
        )


class ReviewInput(RequestSchema):
    """A reviewer's decision on a document."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "approved", "review_notes": "Checked with the state's register."}]}
    )

    status: Literal[DocumentStatus.UNDER_REVIEW, DocumentStatus.APPROVED, DocumentStatus.REJECTED]
    review_notes: Note = ""


class DocumentQuery(PageQuery):
    """Filters for documents: subject, type, status."""

    vendor_id: VendorId | None = None
    driver_id: DriverId | None = None
    vehicle_id: VehicleId | None = None
    organization: bool = False
    document_type: DocumentType | None = None
    status: DocumentStatus | None = None
