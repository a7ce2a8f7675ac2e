"""Routes of compliance documents."""

from coachway.compliance import service
from coachway.compliance.errors import DocumentExpiredAlready, DocumentNotReviewable
from coachway.compliance.model import ComplianceDocument, ComplianceId, DocumentInput, DocumentQuery, ReviewInput
from coachway.core.caller import Caller
from coachway.core.errors import NotFound
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page

api = ApiRouter(
    "compliance", "Compliance documents of vendors, drivers, vehicles and the organization, and their review."
)
app = api.app


@api.post(
    "/compliance", permission="compliance:submit", status=201, external_roles=("vendor", "driver"), errors=(NotFound,)
)
def submit_document(caller: Caller, body: DocumentInput) -> ComplianceDocument:
    """Submit a compliance document.

    The document belongs to one vendor, driver or vehicle, or to the organization itself. Vendors and drivers can omit
    the subject. The document is pending until it is reviewed.
    """
    return service.submit_document(caller, body)


@api.get("/compliance", permission="compliance:read", external_roles=("vendor", "driver"), errors=(NotFound,))
def list_documents(caller: Caller, query: DocumentQuery) -> Page[ComplianceDocument]:
    """List compliance documents, newest first.

    Filter by subject, type or status. With `status=pending` or `under_review` and no subject, returns the review
    queue, oldest first. Vendors and drivers see their own.
    """
    return service.list_documents(caller, query)


@api.get("/compliance/{compliance_id}", permission="compliance:read", external_roles=("vendor", "driver"))
def get_document(caller: Caller, compliance_id: ComplianceId) -> ComplianceDocument:
    """Get a compliance document."""
    return service.get_document(caller, compliance_id)


@api.put(
    "/compliance/{compliance_id}",
    permission="compliance:write",
    errors=(
        DocumentNotReviewable,
        DocumentExpiredAlready,
    ),
)
def review_document(
    caller: Caller, compliance_id: ComplianceId, body: ReviewInput, if_match: int | None
) -> ComplianceDocument:
    """Review a compliance document.

    Approves or rejects the document, or takes it under review. The reviewer is recorded. An expired document cannot be
    reviewed.
    """
    return service.review_document(caller, compliance_id, body, if_match)
