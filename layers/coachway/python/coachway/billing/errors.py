"""Errors of billing: business rules of invoices, payments, refunds and collections."""

from coachway.core import errors


class InvoiceChanged(errors.ConcurrentUpdate):
    """The invoice, or a trip on it, was changed since it was read."""

    def __init__(self) -> None:
        super().__init__("This invoice, or a trip on it, was changed by another request. Read it again, then retry.")


class InvoiceNotDraft(errors.Conflict):
    """The invoice was issued or voided before. Only drafts can be issued, updated or deleted."""

    code = "invoice_not_draft"
    title = "The invoice is not a draft"


class InvoiceOutdated(errors.Conflict):
    """A trip on the draft changed after the invoice was drafted. Update the draft, which takes over the change."""

    code = "invoice_outdated"
    title = "A trip on the invoice has changed"


class InvoiceNotPayable(errors.Conflict):
    """The invoice is a draft, paid or void. Issue a draft before you record a payment."""

    code = "invoice_not_payable"
    title = "The invoice does not accept payments"


class InvoiceHasPayments(errors.Conflict):
    """Payments were made after the invoice was issued. Reverse or refund them, then void the invoice."""

    code = "invoice_has_payments"
    title = "A paid invoice cannot be voided"


class CharterNotBillable(errors.Conflict):
    """Only charters that are booked, confirmed, in progress or completed can be invoiced. Book the charter first."""

    code = "charter_not_billable"
    title = "The charter cannot be invoiced"


class CharterAlreadyInvoiced(errors.Conflict):
    """Pay the charter's invoice, or void it before you create another one."""

    code = "charter_already_invoiced"
    title = "The charter is already invoiced"


class CharterNotCompleted(errors.Conflict):
    """An invoice for several charters can include only completed ones. Invoice the others one by one."""

    code = "charter_not_completed"
    title = "Only completed charters can be invoiced together"


class SeveralClients(errors.Conflict):
    """An invoice is for one client. Create one invoice per client."""

    code = "invoice_for_several_clients"
    title = "The charters belong to different clients"


class CharterNotPayable(errors.Conflict):
    """The charter is cancelled, declined or expired, or its client has not accepted the quote yet."""

    code = "charter_not_payable"
    title = "The charter does not accept payments"


class NothingDue(errors.Conflict):
    """The invoice or charter has no balance that is due. Set `amount` to pay an instalment before its due date."""

    code = "nothing_due"
    title = "Nothing is due"


class AmountExceedsBalance(errors.Conflict):
    """The amount is larger than the balance of the invoice or charter. Pay the balance or less."""

    code = "amount_exceeds_balance"
    title = "The amount exceeds the balance due"


class AmountDueChanged(errors.Conflict):
    """The balance changed after the payer saw it. Show the payer the new amount, then retry."""

    code = "amount_due_changed"
    title = "The amount due has changed"


class PaymentInProgress(errors.Conflict):
    """Wait for the result of the other payment for this invoice or charter before you pay again."""

    code = "payment_in_progress"
    title = "A payment is already in progress"


class PaymentNotReversible(errors.Conflict):
    """Only recorded payments of issued invoices can be reversed. Refund card payments instead."""

    code = "payment_not_reversible"
    title = "The payment cannot be reversed"


class PaymentNotRefundable(errors.Conflict):
    """Only payments that succeeded can be refunded. A pending payment can be refunded after it has succeeded."""

    code = "payment_not_refundable"
    title = "The payment cannot be refunded"


class PaymentIsDisputed(errors.Conflict):
    """A disputed payment cannot be refunded. Wait for the bank's decision."""

    code = "payment_disputed"
    title = "The payment is disputed"


class AmountExceedsPayment(errors.Conflict):
    """The amount is larger than what remains of the payment after refunds and reversals. Use a smaller amount."""

    code = "amount_exceeds_payment"
    title = "The amount exceeds the payment"


class RefundNotAwaitingApproval(errors.Conflict):
    """The refund does not need approval, or was decided before. Get the refund to see its status."""

    code = "refund_not_awaiting_approval"
    title = "The refund is not waiting for approval"


class RefundSelfApproval(errors.Conflict):
    """A refund that reaches the approval threshold needs two people. Ask another user with `refunds:approve`.

    The person who cancelled a charter counts as the one who requested its refund, and the owner of an API key as the
    one who uses it.
    """

    code = "refund_self_approval"
    title = "Another person must approve the refund"


class RefundMayBeSent(errors.Conflict):
    """The refund may have reached the payer, so it cannot be rejected. Retry it to find out."""

    code = "refund_may_be_sent"
    title = "The refund may already have been sent"


class RefundNotFailed(errors.Conflict):
    """Only failed refunds can be retried. Get the refund to see its status."""

    code = "refund_not_failed"
    title = "The refund has not failed"


class CollectionNotFailed(errors.Conflict):
    """Only failed collections can be retried. Get the collection to see its status."""

    code = "collection_not_failed"
    title = "The collection has not failed"
