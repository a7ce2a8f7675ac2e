"""Ratings: create, list, and respond."""

import math

from coachway.bookings.charters import queries as charter_queries
from coachway.contracts.ratings import RatingAnswered, VendorRated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.persistence.records import AccessPattern
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import ids
from coachway.ratings import rules
from coachway.ratings.model import (
    BY_CHARTER,
    BY_MONTH,
    BY_VENDOR,
    RATING,
    Rating,
    RatingInput,
    RatingQuery,
    ResponseInput,
    at_least_attribute,
)
from coachway.ratings.rules import RatingAlreadyAnswered
from coachway.vendors import service as vendors


def create_rating(caller: Caller, body: RatingInput) -> Rating:
    """Rate a vendor for a charter.

    Raises NotFound for the vendor or the charter, CharterNotRatable, NotTheCharterVendor, and Duplicate for a second
    rating. The charter's version is not checked, because completed charters and their vendors do not change.
    """
    charter = charter_queries.get_charter(caller, body.charter_id)
    vendor = vendors.get_vendor(caller, body.vendor_id)
    rules.require_ratable(charter.status, charter.vendor_ids, vendor.id)
    rating = Rating(id=ids.new("rat"), org_id=caller.org_id, rated_by=caller.user_id, **body.model_dump())
    ratings = {name: value for name, value in body.model_dump().items() if name.endswith("_rating")}
    event = VendorRated(rating_id=rating.id, vendor_id=vendor.id, charter_id=charter.id, **ratings)
    store.commit(caller, Create(rating, [event]))
    return rating


def list_ratings(caller: Caller, query: RatingQuery) -> Page[Rating]:
    """List ratings, newest first. Vendors see only their own."""
    vendor_id = query.vendor_id
    if caller.is_external:
        vendors.require_own_vendor(caller, vendor_id or caller.party_id)
        vendor_id = caller.party_id
    where: dict[str, str | int | bool] = {}
    if query.min_rating is not None:
        where[at_least_attribute(math.ceil(query.min_rating * 2))] = True
    pattern, partitions = _partitions(caller, vendor_id, query.charter_id)
    if query.charter_id is not None and vendor_id is not None:
        where["vendor_id"] = vendor_id
    return query_page(Rating, pattern, partitions, query, where=where, descending=True)


def _partitions(caller: Caller, vendor_id: str | None, charter_id: str | None) -> tuple[AccessPattern, list[str]]:
    if charter_id is not None:
        return BY_CHARTER, [BY_CHARTER.partition(org=caller.org_id, charter=charter_id)]
    if vendor_id is not None:
        return BY_VENDOR, [BY_VENDOR.partition(org=caller.org_id, vendor=vendor_id)]
    months = months_between(ids.get_created_at(caller.org_id), clock.now())
    return BY_MONTH, [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(months)]


def respond_to_rating(caller: Caller, rating_id: str, body: ResponseInput) -> Rating:
    """Respond to a rating. Raises NotFound, also for another vendor's rating; RatingAlreadyAnswered."""
    before = store.get(Rating, RATING.key(org=caller.org_id, id=rating_id))
    if caller.is_external and (caller.role, caller.party_id) != ("vendor", before.vendor_id):
        raise errors.NotFound("The vendor rating was not found.")
    already_answered = RatingAlreadyAnswered("This rating has a response. A vendor can respond once.")
    if before.vendor_response is not None:
        raise already_answered
    after = before.model_copy(update={"vendor_response": body.vendor_response, "vendor_responded_at": clock.now()})
    event = RatingAnswered(rating_id=before.id, vendor_id=before.vendor_id)
    store.commit(caller, Update(before, after, [event], on_stale=already_answered))
    return after
