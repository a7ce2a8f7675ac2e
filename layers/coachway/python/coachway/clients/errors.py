"""Errors of clients."""

from coachway.core import errors


class ClientHasOpenBalance(errors.Conflict):
    """Settle or void the client's invoices and cancel its trips booked on credit, then retry."""

    code = "client_has_open_balance"
    title = "The client has an open balance"


class CreditLimitExceeded(errors.Conflict):
    """The trip would exceed the client's credit limit. Raise the limit, or take a payment first."""

    code = "credit_limit_exceeded"
    title = "The client's credit limit is exceeded"
