"""The number of active admins of an organization, at least one."""

from coachway.core.persistence.operations import IncrementCounters, Op
from coachway.identity.errors import LastAdmin
from coachway.identity.model.user import ADMINS, User


def admin_count_ops(before: User | None, after: User) -> list[Op]:
    """Return the operation that counts active admins; none if the count stays. It fails with LastAdmin at zero."""
    difference = int(after.is_active_admin) - int(before is not None and before.is_active_admin)
    if difference == 0:
        return []
    last_admin = LastAdmin("This is the last active admin. Make another user an admin first.")
    key = ADMINS.key(org=after.org_id)
    return [IncrementCounters(key, {"n": difference}, "admin_count", at_least={"n": 1}, on_failure=last_admin)]
