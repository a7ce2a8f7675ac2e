"""Promo codes, and the price list of amenities."""

from collections.abc import Mapping, Sequence

from coachway.contracts.pricing import AmenityAdded, AmenityChanged, PromoCodeChanged, PromoCodeCreated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import HistoryEntry
from coachway.core.persistence.operations import Create, IncrementCounters, Update
from coachway.core.persistence.queries import query_page
from coachway.core.persistence.records import Key
from coachway.core.schemas import Page, PageQuery, PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.identity.actor_names import add_actor_names
from coachway.pricing.errors import PromoCodeUsedUp
from coachway.pricing.extras_model import (
    AMENITIES,
    AMENITY,
    PROMO,
    PROMO_USES,
    PROMOS,
    Amenity,
    AmenityInput,
    AmenityTerms,
    PromoCode,
    PromoInput,
    PromoTerms,
)
from coachway.pricing.promo_rules import RequestedPromoCode


def create_promo_code(caller: Caller, body: PromoInput) -> PromoCode:
    """Create a promo code. Raises Duplicate."""
    promo = PromoCode(id=ids.new("pro"), org_id=caller.org_id, uses_left=body.max_uses, **body.model_dump())
    event = PromoCodeCreated(promo_id=promo.id, code=promo.code)
    store.commit(
        caller, Create(promo, [event], on_exists=_duplicate_error(f"The promo code {promo.code} already exists."))
    )
    return promo


def list_promo_codes(caller: Caller, query: PageQuery) -> Page[PromoCode]:
    """List promo codes, newest first, with their remaining uses."""
    page = query_page(PromoCode, PROMOS, [PROMOS.partition(org=caller.org_id)], query, descending=True)
    keys = {promo.code: PROMO_USES.key(org=caller.org_id, code=promo.code) for promo in page.items}
    counts = store.batch_get_counters(keys.values())
    for promo in page.items:
        promo.uses_left = _uses_left(promo, counts[keys[promo.code]])
    return page


def get_promo_code(caller: Caller, code: str) -> PromoCode:
    """Get a promo code with its remaining uses. Raises NotFound."""
    key, uses_key = PROMO.key(org=caller.org_id, code=code), PROMO_USES.key(org=caller.org_id, code=code)
    records = store.batch_get([key, uses_key])
    promo = records.get(PromoCode, key)
    promo.uses_left = _uses_left(promo, records.numbers(uses_key))
    return promo


def update_promo_code(caller: Caller, code: str, changes: PartialUpdate[PromoTerms], expected: int | None) -> PromoCode:
    """Update or retire a promo code. A quote keeps the discount and the limit with which it was calculated.

    Raises NotFound, PreconditionFailed, ConcurrentUpdate or Invalid.
    """
    before = store.get(PromoCode, PROMO.key(org=caller.org_id, code=code), expected=expected)
    counts = store.get_counters(PROMO_USES.key(org=caller.org_id, code=code))
    before.uses_left = _uses_left(before, counts)
    after = apply_changes(before, changes)
    after.uses_left = _uses_left(after, counts)
    event = PromoCodeChanged(promo_id=after.id, code=after.code)
    store.commit(caller, Update(before, after, [event]))
    return after


def list_promo_code_history(caller: Caller, code: str) -> list[HistoryEntry]:
    """List the changes of a promo code, oldest first. Raises NotFound."""
    return _list_history(caller, PROMO.key(org=caller.org_id, code=code))


def load_requested_promo_code(org_id: str, code: str) -> RequestedPromoCode:
    """Load the promo code of a request, with its remaining uses."""
    promo = store.find(PromoCode, PROMO.key(org=org_id, code=code))
    if promo is None:
        return RequestedPromoCode(code, None)
    counts = store.get_counters(PROMO_USES.key(org=org_id, code=code)) if promo.max_uses is not None else {}
    return RequestedPromoCode(code, promo, _uses_left(promo, counts))


def _uses_left(promo: PromoCode, counts: Mapping[str, int]) -> int | None:
    return None if promo.max_uses is None else max(0, promo.max_uses - counts.get("uses", 0))


def use_promo_code_op(org_id: str, code: str, max_uses: int | None) -> IncrementCounters:
    """The operation that counts a use of a promo code; the transaction fails with PromoCodeUsedUp if none remains."""
    error = PromoCodeUsedUp(f"The promo code {code} has no uses left. Quote the trip again without it.")
    limit = {} if max_uses is None else {"uses": max_uses}
    return IncrementCounters(
        PROMO_USES.key(org=org_id, code=code), {"uses": 1}, "promo_uses", at_most=limit, on_failure=error
    )


def create_amenity(caller: Caller, body: AmenityInput) -> Amenity:
    """Add an amenity to the price list. Raises Duplicate."""
    amenity = Amenity(id=ids.new("ame"), org_id=caller.org_id, **body.model_dump())
    event = AmenityAdded(amenity_id=amenity.id, code=amenity.code, amount=amenity.amount)
    store.commit(
        caller, Create(amenity, [event], on_exists=_duplicate_error(f"The amenity {amenity.code} already has a price."))
    )
    return amenity


def get_amenity(caller: Caller, code: str) -> Amenity:
    """Get an amenity. Raises NotFound."""
    return store.get(Amenity, AMENITY.key(org=caller.org_id, code=code))


def update_amenity(caller: Caller, code: str, changes: PartialUpdate[AmenityTerms], expected: int | None) -> Amenity:
    """Update or retire an amenity. Quotes keep its name and price until they are calculated again.

    Raises NotFound, PreconditionFailed, ConcurrentUpdate or Invalid.
    """
    before = store.get(Amenity, AMENITY.key(org=caller.org_id, code=code), expected=expected)
    after = apply_changes(before, changes)
    event = AmenityChanged(amenity_id=after.id, code=after.code, amount=after.amount)
    store.commit(caller, Update(before, after, [event]))
    return after


def list_amenity_history(caller: Caller, code: str) -> list[HistoryEntry]:
    """List the changes of an amenity, oldest first. Raises NotFound."""
    return _list_history(caller, AMENITY.key(org=caller.org_id, code=code))


def list_amenities(caller: Caller, query: PageQuery) -> Page[Amenity]:
    """List the amenities with their prices, by code."""
    return query_page(Amenity, AMENITIES, [AMENITIES.partition(org=caller.org_id)], query)


def find_amenities(org_id: str, codes: Sequence[str]) -> dict[str, Amenity]:
    """Find the amenities that are on the price list, by code."""
    records = store.find_many(Amenity, [AMENITY.key(org=org_id, code=code) for code in codes])
    return {amenity.code: amenity for amenity in records.values()}


def _list_history(caller: Caller, key: Key) -> list[HistoryEntry]:
    entries = store.list_history(key)
    if not entries:
        raise errors.NotFound("The code was not found.")
    return add_actor_names(caller.org_id, entries)


def _duplicate_error(detail: str) -> errors.Duplicate:
    return errors.Duplicate(detail, fields=[errors.FieldError("code", "must be unique", "already_exists")])
