"""Erasure of leads: alone, and with their client."""

from __future__ import annotations

import json
from typing import Any

from coachway.clients import erasure as client_erasure
from coachway.clients import service as clients
from coachway.clients.model import ClientInput, ClientType
from coachway.contracts.clients import ClientErased
from coachway.core import store
from coachway.core.runtime import settings
from coachway.sales import erasure
from coachway.sales.leads.model import LEAD, Lead
from tests.integration.client import call, token_for
from tests.integration.sales.builders import BASE, BOB, CALLER, ORG, api, capture_lead, deliver, send
from tools.function_modules import load

papers = load("billing", "documents_api").api
TEXTS = ("Bob", "Wilson", "wilson.example", "2125550199", "Boston", "Likes window seats", "Franklin")


def erase(lead_id: str) -> tuple[int, dict[str, object]]:
    reply = call(api, "POST", f"{BASE}/leads/{lead_id}/erase", token=token_for("clients:write"))
    return reply.status, reply.json()


def add_note(lead_id: str) -> None:
    send("POST", f"/leads/{lead_id}/activities", {"activity_type": "note", "details": "Likes window seats"})


def read_partition(lead_id: str, memory: Any) -> str:
    """Everything that is stored in the partition of a lead."""
    items = memory.scan(TableName=settings.table_name())["Items"]
    return json.dumps([item for item in items if item["pk"]["S"] == LEAD.key(org=ORG, id=lead_id).pk])


def test_erased_lead_has_no_personal_data_and_is_dead(dynamodb: Any) -> None:
    lead = capture_lead(**BOB, dropoff_location="1 Franklin Park Rd")
    add_note(lead["id"])
    send("PUT", f"/leads/{lead['id']}", {"company": "Wilson School"})
    assert [text for text in TEXTS if text in read_partition(lead["id"], dynamodb)] == list(TEXTS)
    status, erased = erase(lead["id"])
    assert (status, erased["status"], erased["source"], erased["email"]) == (200, "dead", "phone", None)
    assert [text for text in TEXTS if text in read_partition(lead["id"], dynamodb)] == []
    assert erase(lead["id"]) == (200, erased)
    assert capture_lead(**BOB)["id"] != lead["id"]


def test_lead_of_client_is_erased_with_the_client(dynamodb: Any) -> None:
    clients._currency.cache_clear()
    client = clients.create_client(
        CALLER, ClientInput(name="X", client_type=ClientType.PERSONAL, email="bob@wilson.example")
    )
    lead = capture_lead(**BOB)
    add_note(lead["id"])
    exported = call(papers, "GET", f"/api/v1/clients/{client.id}/export", token=token_for("clients:write")).json()
    [file] = exported["leads"]
    assert (file["lead"]["id"], file["activities"][0]["details"]) == (lead["id"], "Likes window seats")
    status, problem = erase(lead["id"])
    assert (status, problem["code"]) == (409, "lead_has_client")
    client_erasure.erase_client_record(CALLER, client.id)
    for _ in range(2):
        erasure.erase_records_of_client(CALLER, deliver(ClientErased(client_id=client.id)))
    assert [text for text in TEXTS if text in read_partition(lead["id"], dynamodb)] == []
    assert store.find(Lead, LEAD.key(org=ORG, id=lead["id"])) is not None
