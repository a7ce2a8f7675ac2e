"""Errors of compliance documents."""

from coachway.core.errors import Conflict


class DocumentNotReviewable(Conflict):
    """The document was already reviewed, or has expired. Submit a new document."""

    code = "document_not_reviewable"
    title = "The document cannot be reviewed"


class DocumentExpiredAlready(Conflict):
    """An expired document cannot be approved. Submit a new document."""

    code = "document_expired"
    title = "The document has expired"
