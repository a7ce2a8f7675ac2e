"""Clients that were removed or erased get no messages."""

from __future__ import annotations

import pytest

from coachway.core import errors, store
from coachway.core.persistence.operations import Create, Remove
from coachway.erasure.model import Erasure
from tests.integration.messaging.builders import CALLER, list_records, patch_ses, send
from tests.integration.messaging.message_services import ORG, SentMessages
from tests.unit.messaging.builders import build_delivery


@pytest.mark.parametrize("event_type", ["charter.cancelled", "refund.completed", "payment.succeeded"])
def test_send_messages_to_removed_client_sends_nothing(event_type: str, sent_messages: SentMessages) -> None:
    event = build_delivery(event_type)
    event.data |= {"client_name": "", "client_email": ""}
    send(event)
    assert (sent_messages.mails, sent_messages.texts, list_records()) == ([], [], [])


@pytest.mark.parametrize("event_type", ["charter.booked", "charter.cancelled", "invoice.voided", "payment.failed"])
def test_send_messages_to_erased_client_stores_no_record(event_type: str, sent_messages: SentMessages) -> None:
    event = build_delivery(event_type)
    store.commit(CALLER, Create(Erasure(id=event.data["client_id"], org_id=ORG)))
    send(event)
    assert (sent_messages.mails, sent_messages.texts, list_records()) == ([], [], [])


def test_client_erased_while_message_is_sent_leaves_no_record(
    sent_messages: SentMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = build_delivery("charter.booked")

    def erase_client() -> dict[str, str]:
        store.commit(CALLER, Create(Erasure(id=event.data["client_id"], org_id=ORG)), *map(Remove, list_records()))
        return {"MessageId": "1"}

    patch_ses(monkeypatch, erase_client)
    with pytest.raises(errors.ConcurrentUpdate):
        send(event)
    send(event)
    assert list_records() == []
