"""Operations on stored quotes: status changes and acceptance. Does not import the price calculation."""

from collections.abc import Sequence

from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op, Update
from coachway.pricing.errors import QuoteNotBookable
from coachway.pricing.notice_model import Notice
from coachway.pricing.quote_model import Quote, QuoteStatus


def set_status_op(before: Quote, status: QuoteStatus) -> Update:
    """The operation that sets a quote's status, for the transaction of its charter."""
    return Update(before, before.model_copy(update={"status": status}))


def require_bookable(warnings: Sequence[Notice]) -> None:
    """Raise QuoteNotBookable with every warning that blocks the quote."""
    blocking = [warning for warning in warnings if warning.blocking]
    if blocking:
        detail = " ".join(warning.message for warning in blocking)
        raise QuoteNotBookable(detail, fields=[warning.field_error for warning in blocking])


def acceptance_ops(caller: Caller, before: Quote) -> list[Op]:
    """Operations that accept a quote: its status, and one use of its promo code.

    Raises QuoteNotBookable. The transaction fails with PromoCodeUsedUp.
    """
    require_bookable(before.warnings)
    ops: list[Op] = [set_status_op(before, "accepted")]
    if before.promo_code is not None:
        from coachway.pricing import extras_service  # imported late: few quotes have a promo code

        ops.append(extras_service.use_promo_code_op(caller.org_id, before.promo_code, before.promo_max_uses))
    return ops
