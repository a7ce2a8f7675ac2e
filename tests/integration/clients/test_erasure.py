"""Export and erasure of clients."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.clients import erasure_job
from coachway.clients.model import Contact
from coachway.core import errors, store
from coachway.core.client_reference import CLIENT
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.erasure import service as erasure_service
from coachway.erasure.model import REPEATED_AFTER
from coachway.identity.users import party_accounts
from coachway.messaging import erasure as messages
from coachway.messaging.model import Channel, Notification
from tests.integration.clients.builders import CALLER, ORG, create_client, send


def test_export_client_returns_all_data() -> None:
    client = create_client()
    send("POST", f"/{client['id']}/contacts", {"name": "Dana Lee"})
    export = send("GET", f"/{client['id']}/export").json()
    file = export["file"]
    assert file["client"] == client
    assert [each["name"] for each in file["contacts"]] == ["Dana Lee"]
    assert [each["type"] for each in file["history"]] == ["client.created", "client.contact_added"]
    assert "org_id" not in file["contacts"][0]
    assert (export["charters"], export["invoices"], export["messages"], export["next_cursor"]) == ([], [], [], None)


def erase_messages(client_id: str) -> None:
    """Deliver the event of the erasure to messaging."""
    fields: dict[str, Any] = {
        "event_id": "01M7WBE4M9A7C2D4F6H8J1K3M5",
        "correlation_id": "x",
        "aggregate_id": client_id,
    }
    delivery = Delivery(type="client.erased", org_id=ORG, data={"client_id": client_id}, **fields)
    messages.on_client_erased(CALLER, delivery)


def repeat_erasures(client_id: str) -> None:
    """Repeat the erasure at all times at which it is due."""
    for elapsed in REPEATED_AFTER:
        with clock.frozen(clock.now() + elapsed):
            assert erasure_job.run().repeated == 1
            assert erasure_job.run().repeated == 0
        erase_messages(client_id)


def build_notification(recipient: str, n: int) -> Notification:
    return Notification(
        id=ids.new("msg"),
        org_id=ORG,
        event_id=str(n),
        about="chr_1",
        template="quote-sent",
        channel=Channel.EMAIL,
        recipient=recipient,
        lease_until=clock.now(),
    )


QUILL: dict[str, Any] = {
    "name": "Zebedee Quill",
    "email": "Zeb@quill.example",
    "phone": "+12125550199",
    "notes": "afraid of bridges",
}


def test_erased_client_leaves_no_personal_data(dynamodb: Any) -> None:
    client = create_client(**QUILL)
    path = f"/{client['id']}"
    send("POST", f"{path}/contacts", {"name": "Hortensia Quill", "phone": "+12125550188"})
    send("POST", f"{path}/addresses", {"line1": "7 Quill Close", "city": "Albany"})
    changed = {"name": "Zebedee A. Quill", "email": "new@quill.example", "notes": "still afraid", "credit_limit": 5}
    send("PUT", path, changed)
    send("PUT", f"{path}/email-preferences", {"opted_out": True})
    mailed = [build_notification(to, n) for n, to in enumerate(["zeb@quill.example"] * 120 + ["new@quill.example"])]
    for start in range(0, len(mailed), 40):
        store.commit(CALLER, *map(Create, mailed[start : start + 40]))
    contact: party_accounts.PartyContact = {
        "first_name": "Zeb",
        "last_name": "Quill",
        "phone": "+12125550177",
        "email": None,
    }
    store.commit(CALLER, *party_accounts.create_user_ops(ORG, "client", client["id"], contact)[1])
    send("DELETE", path)
    erased = send("POST", f"{path}/erase")
    assert (erased.status, erased.json()["id"], "addresses" in erased.json()) == (200, client["id"], False)
    erase_messages(client["id"])
    repeat_erasures(client["id"])
    items = str(dynamodb.scan(TableName="coachway-test")["Items"])
    for secret in ("Quill", "quill", "Zeb", "zeb", "2125550199", "2125550188", "2125550177", "afraid", "Albany"):
        assert secret not in items
    assert "credit_limit" in items
    assert send("POST", f"{path}/erase").status == 404


def test_interrupted_erasure_is_finished_by_repeating_it(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = create_client(**QUILL)
    path = f"/{client['id']}"
    for n in range(3):
        send("POST", f"{path}/contacts", {"name": f"Hortensia Quill {n}", "email": f"h{n}@quill.example"})
    store.commit(CALLER, Create(build_notification("h1@quill.example", 1)))
    commit = store.commit
    remaining_commits = [3]

    def fail_after_three_commits(*args: Any, **options: Any) -> None:
        remaining_commits[0] -= 1
        if remaining_commits[0] < 0:
            raise errors.UpstreamUnavailable("The table does not respond.")
        commit(*args, **options)

    monkeypatch.setattr(erasure_service, "_BATCH_SIZE", 1)
    monkeypatch.setattr(store, "commit", fail_after_three_commits)
    assert send("POST", f"{path}/erase").status == 502
    monkeypatch.setattr(store, "commit", commit)
    assert send("POST", f"{path}/erase").status == 200
    repeat_erasures(client["id"])
    items = str(dynamodb.scan(TableName="coachway-test")["Items"])
    assert not [secret for secret in ("Quill", "quill", "Hortensia") if secret in items]
    events = [each for each in store.list_history(CLIENT.key(org=ORG, id=client["id"])) if "erased" in each.type]
    assert [event.data for event in events] == [{"client_id": client["id"]}] * (1 + len(REPEATED_AFTER))


def test_erasure_is_repeated_for_what_was_stored_meanwhile(dynamodb: Any) -> None:
    client = create_client(**QUILL)
    path = f"/{client['id']}"
    assert send("POST", f"{path}/erase").status == 200
    erase_messages(client["id"])
    contact = Contact(id=ids.new("con"), org_id=ORG, client_id=client["id"], name="Hortensia Quill")
    store.commit(CALLER, Create(contact), Create(build_notification("zeb@quill.example", 1)))
    repeat_erasures(client["id"])
    items = str(dynamodb.scan(TableName="coachway-test")["Items"])
    assert not [secret for secret in ("Quill", "quill", "Hortensia") if secret in items]
