"""Errors of users, roles and organizations."""

from coachway.core.errors import Conflict, Forbidden


class LastAdmin(Conflict):
    """An organization needs at least one active admin. Make another user an admin first."""

    code = "last_admin"
    title = "The last active admin cannot be removed"


class RecentLoginRequired(Forbidden):
    """This action requires a login within the last 15 minutes. Log in again."""

    code = "recent_log_in_required"
    title = "A recent login is required"


class PermissionsExceeded(Forbidden):
    """The change would grant permissions that you do not have. Ask a user who has them, such as an admin."""

    code = "permissions_exceeded"
    title = "You cannot grant permissions that you do not have"


class CurrencyFixed(Conflict):
    """The organization has trips with prices, so its currency cannot change."""

    code = "currency_fixed"
    title = "The currency cannot be changed"


class NotStaff(Conflict):
    """Only active users of the organization can be responsible, not clients, vendors or drivers. Choose another."""

    code = "user_not_staff"
    title = "This user cannot be responsible"
