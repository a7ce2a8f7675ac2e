"""What becomes of a quote that was given. Nothing is priced here."""

from __future__ import annotations

from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op, Update
from coachway.pricing.quote_model import Quote, QuoteStatus


def set_status_op(before: Quote, status: QuoteStatus) -> Update:
    """What sets the status of a quote, for the transaction of the booking that it belongs to."""
    return Update(before, before.model_copy(update={"status": status}))


def acceptance_ops(caller: Caller, before: Quote) -> list[Op]:
    """What accepting a quote writes: its status, and the use of its promo code.

    Raises Conflict when a warning of the quote keeps it from being booked; its transaction fails with Conflict when the
    promo code has no uses left.
    """
    blocking = [warning.message for warning in before.warnings if warning.blocking]
    if blocking:
        raise errors.Conflict("; ".join(blocking), title="the quote cannot be booked as it is")
    ops: list[Op] = [set_status_op(before, "accepted")]
    if before.promo_code is not None:
        from coachway.pricing import extras_service  # few quotes have one

        ops.append(extras_service.use_promo_code_op(caller.org_id, before.promo_code, before.promo_max_uses))
    return ops
