"""Converts phone numbers that an earlier release stored as they were typed to E.164, in rebuilds after a deployment."""

from collections.abc import Iterable
from itertools import chain

from coachway.contracts.fleet import DriverUpdated
from coachway.contracts.identity import UserUpdated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import iterate_by_month
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime.logging import logger
from coachway.core.types.contact import normalize_address
from coachway.fleet.drivers import event_fields
from coachway.fleet.model import BY_MONTH, Driver
from coachway.identity.model.user import USERS_LIST, User


def refresh_phone_numbers(org_id: str) -> int:
    """Convert the phone numbers of all drivers and users to E.164; return how many changed.

    A number that another driver or user has in E.164 stays as it is: staff must decide who owns it.
    """
    members: Iterable[Driver | User] = chain(
        iterate_by_month(Driver, BY_MONTH, org_id, kind=Driver.KIND), iterate_by_month(User, USERS_LIST, org_id)
    )
    return sum(_refresh_number(Caller.system("rebuild", org_id), member) for member in members)


@retry_on_conflict
def _refresh_number(caller: Caller, member: Driver | User) -> bool:
    before = store.find(type(member), member.key())
    if before is None or not before.phone or normalize_address(before.phone) == before.phone:
        return False
    event = DriverUpdated(**event_fields(before)) if isinstance(before, Driver) else UserUpdated(user_id=before.id)
    after = before.model_copy(update={"phone": normalize_address(before.phone)})
    try:
        store.commit(caller, Update(before, after, [event]))
    except errors.Duplicate:
        logger.warning("phone number has another owner", kind=before.KIND, id=before.id)
        return False
    return True
