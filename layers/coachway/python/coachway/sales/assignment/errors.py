"""Errors of the assignment of leads."""

from coachway.core import errors


class TooManyAssignmentRules(errors.Conflict):
    """An organization can have 50 assignment rules. Change an existing one: set another `agent_id`."""

    code = "too_many_assignment_rules"
    title = "Too many assignment rules"


class RosterChanged(errors.ConcurrentUpdate):
    """Another lead took the turn first."""
