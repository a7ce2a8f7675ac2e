"""Messages to the salesperson of a trip, or to the organization if it has none."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core import store
from coachway.core.persistence.operations import Create
from coachway.identity.model.user import User
from tests.integration.messaging.builders import CALLER, send
from tests.integration.messaging.message_services import ORG, SentMessages
from tests.unit.messaging.builders import build_delivery


@pytest.mark.parametrize(
    ("fields", "recipient"),
    [
        ({}, '"Sam Okafor" <sam@harbor.example>'),
        ({"status": "disabled"}, '"Harbor Coach" <hello@harbor.example>'),
        ({"email": None, "phone": "+12125550123"}, '"Harbor Coach" <hello@harbor.example>'),
        (None, '"Harbor Coach" <hello@harbor.example>'),
    ],
)
@pytest.mark.parametrize("event_type", ["quote.opened", "quote.accepted", "quote.declined"])
def test_salesperson_is_told_about_the_quote_else_the_organization(
    event_type: str, fields: dict[str, Any] | None, recipient: str, sent_messages: SentMessages
) -> None:
    user_id = "usr_01JQZZZZZZZZZZZZZZZZZZZZZ1"
    if fields is not None:
        values = {"email": "sam@harbor.example", "status": "active", "role": "staff"} | fields
        user = User(id=user_id, org_id=ORG, first_name="Sam", last_name="Okafor", **values)
        store.commit(CALLER, Create(user))
    event = build_delivery(event_type, salesperson_id=user_id)
    send(event)
    send(event)
    assert [each["To"] for each in sent_messages.mails] == [recipient]


def test_salesperson_is_told_about_a_paid_deposit_and_not_about_other_bookings(sent_messages: SentMessages) -> None:
    send(build_delivery("charter.booked", deposit_paid=431.63, amount_paid=431.63))
    send(build_delivery("charter.booked"))
    send(build_delivery("quote.accepted", by_client=False))
    subjects = [each["Subject"] for each in sent_messages.mails if "hello@harbor.example" in each["To"]]
    assert subjects == ["The deposit for CH-2027-000001 is paid"]
