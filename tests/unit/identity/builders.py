"""A user for unit tests."""

from __future__ import annotations

from coachway.core.types import ids
from coachway.identity.model.user import User

USER = User(
    id=ids.new("usr"),
    org_id=ids.new("org"),
    email="a@b.example",
    first_name="A",
    last_name="B",
    role="staff",
    status="active",
)
