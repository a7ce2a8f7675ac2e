"""Price adjustments of a charter: staff set all of them at once, each with a reason.

This module imports pricing, so requests that only read charters must not import it.
"""

from coachway.bookings.charters import drafting, event_payloads, rules, status_counts
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.queries import get_charter
from coachway.contracts.bookings import CharterPriceAdjusted
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.pricing import quote_acceptance
from coachway.pricing.adjustment_model import PriceAdjustmentsInput
from coachway.pricing.quote_model import Quote


def set_price_adjustments(
    caller: Caller, charter_id: str, body: PriceAdjustmentsInput, expected: int | None
) -> Charter:
    """Replace the price adjustments of a quote, and price its trip again. Bids and drivers stay.

    What changes the client's quote creates a new revision and invalidates the link. Without a change, nothing is
    stored. Raises ChangeCaseRequired, CharterClosed, PriceBelowZero or PriceTooLarge.
    """
    before = get_charter(caller, charter_id, expected=expected)
    rules.require_editable(before.status, frozenset({"price_adjustments"}))
    context, records, quote_key = drafting.load_revision_context(caller, before)
    draft = drafting.build_price_revision(caller, context, before, body)
    after, superseded = draft.charter, records.find(Quote, quote_key)
    if _is_same_quote(before, after):
        if _is_same_input(before, after):
            return before
        after = before.model_copy(update={"price_adjustments": after.price_adjustments})
        store.commit(caller, Update(before, after, [_price_adjusted_event(before, after, body)]))
        return after
    store.commit(
        caller,
        Update(before, after, [_price_adjusted_event(before, after, body)]),
        *draft.quote_ops,
        *([quote_acceptance.set_status_op(superseded, "superseded")] if superseded else []),
        status_counts.count_changes_op(caller.org_id, [before], [after]),
    )
    return after


def _price_adjusted_event(before: Charter, after: Charter, body: PriceAdjustmentsInput) -> CharterPriceAdjusted:
    rules_price = after.quote.rules_price
    return CharterPriceAdjusted(
        **event_payloads.charter_event_fields(after),
        previous_total=before.quote.total,
        rules_total=after.quote.total if rules_price is None else rules_price.total,
        price_display=body.price_display,
        reasons=body.list_reasons(),
    )


def _is_same_quote(before: Charter, after: Charter) -> bool:
    """Whether the client's quote and its warnings are the same."""
    if before.price_display != after.price_display:
        return False
    # Compared as JSON, because the numbers of a stored quote have other types than those of a new one.
    first, second = (each.quote.model_dump(mode="json", exclude={"id"}) for each in (before, after))
    return first == second


def _is_same_input(before: Charter, after: Charter) -> bool:
    first, second = (
        each.price_adjustments and each.price_adjustments.model_dump(include=set(PriceAdjustmentsInput.model_fields))
        for each in (before, after)
    )
    return first == second
