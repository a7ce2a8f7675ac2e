"""The measured requests of leads and proposals."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tests.load.request_steps import RequestStep, get, post
from tests.load.setup_requests import CHARTER, CREATE_CHARTER, TRIP_DAY

CONVERT_LEAD: Final = post(
    "convert a lead",
    "sales/conversion_api",
    "/sales/leads/{lead_id}/convert",
    {"charter": {name: CHARTER[name] for name in ("vehicle_class", "passengers", "stops", "miles")}},
    max_calls=3,
)
CREATE_PROPOSAL: Final = post(
    "create a proposal",
    "sales/proposals_api",
    "/sales/proposals",
    {
        "client_id": "{client_id}",
        "title": "Two days in Boston",
        "choice": "one",
        "valid_until": f"{TRIP_DAY - timedelta(days=7)}T12:00:00Z",
        "items": [{"charter_id": "{charter_id}", "label": "One coach"}],
    },
    saves={"proposal_id": "id"},
    prerequisites=(CREATE_CHARTER,),
    every_nth_round=2,
)
SEND_PROPOSAL: Final = post(
    "send a proposal",
    "sales/proposals_api",
    "/sales/proposals/{proposal_id}/send",
    {},
    saves={"proposal_token": "token", "proposal_revision": "revision_number"},
    prerequisites=(CREATE_PROPOSAL,),
    every_nth_round=2,
)
SALES_REQUESTS: Final = (
    post(
        "capture a lead",
        "sales",
        "/sales/leads",
        {
            "first_name": "Bob",
            "last_name": "Wilson",
            "email": "bob-{n}@people.example",
            "source": "phone",
            "estimated_passengers": 48,
            "estimated_trip_date": TRIP_DAY.isoformat(),
        },
        saves={"lead_id": "id"},
        max_calls=2,
    ),
    get("get a lead", "sales", "/sales/leads/{lead_id}", max_calls=1),
    # This list and the day cost more until they are full, because each round adds a lead and a quote.
    get("list 20 leads", "sales", "/sales/leads?limit=20", max_calls=1, every_nth_round=2),
    get("list 20 leads by status", "sales", "/sales/leads?limit=20&status=new", max_calls=1),
    get("get my day", "sales", "/sales/my-day", max_calls=3, every_nth_round=2),
    get("get the pipeline", "sales", "/sales/leads/pipeline?months=12", max_calls=2),
    get("list my leads", "sales", "/sales/leads/my-leads?limit=20", max_calls=1),
    RequestStep("update a lead", "sales", "PUT", "/sales/leads/{lead_id}", {"company": "School {n}"}, max_calls=2),
    post(
        "add an activity of a lead",
        "sales",
        "/sales/leads/{lead_id}/activities",
        {"activity_type": "call", "details": "Wants a quote"},
        max_calls=2,
    ),
    get("list activities of a lead", "sales", "/sales/leads/{lead_id}/activities", max_calls=2),
    get("list assignment rules", "sales", "/sales/assignment-rules", max_calls=2),
    CONVERT_LEAD,
    CREATE_PROPOSAL,
    get("get a proposal", "sales/proposals_api", "/sales/proposals/{proposal_id}", max_calls=1, every_nth_round=2),
    get("list 20 proposals", "sales/proposals_api", "/sales/proposals?limit=20", max_calls=1, every_nth_round=2),
    SEND_PROPOSAL,
    get(
        "get a proposal by its link",
        "sales/proposals_api",
        "/proposals/{proposal_token}",
        is_public=True,
        every_nth_round=2,
    ),
    post(
        "accept a proposal",
        "sales/proposals_api",
        "/proposals/{proposal_token}/accept",
        {"revision_number": "{proposal_revision}", "items": [1], "accepted_by": "Dana Lee"},
        prerequisites=(SEND_PROPOSAL,),
        is_public=True,
        every_nth_round=2,
    ),
)
