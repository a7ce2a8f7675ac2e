"""A sample event of each type that has a message."""

from __future__ import annotations

from typing import Any

from coachway.messaging.notifications.consumers import RULES

NONCE = "0123456789abcdef01234567"

TRIP: dict[str, Any] = {
    "number": "CH-2027-000001",
    "client_id": "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "client_name": "Acme Events",
    "client_email": "events@acme.example",
    "trip_date": "2027-03-03",
    "timezone": "America/New_York",
    "starts_at": "2027-03-03T14:00:00Z",
    "ends_at": "2027-03-04T01:00:00Z",
    "vehicle_class": "coach",
    "vehicle_count": 1,
    "passengers": 40,
    "total": 1726.5,
    "currency": "USD",
    "revision_number": 1,
    "stops": [
        {
            "stop_type": "pickup",
            "address": "11 Wall St, New York, NY",
            "timezone": "America/New_York",
            "arrival": None,
            "departure": "2027-03-03T14:00:00Z",
        },
        {
            "stop_type": "dropoff",
            "address": "1901 Boardwalk, Atlantic City, NJ",
            "timezone": "America/New_York",
            "arrival": "2027-03-03T17:00:00Z",
            "departure": None,
        },
    ],
}

_QUOTED_TRIP: dict[str, Any] = {name: value for name, value in TRIP.items() if name not in {"client_email", "stops"}}

_USER: dict[str, Any] = {
    "user_id": "usr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "first_name": "Eli",
    "organization_name": "Harbor Coach",
}

_NONCE_FIELDS: dict[str, Any] = {"nonce": NONCE, "expires_at": "2099-01-01T15:00:00Z"}

_PROPOSAL: dict[str, Any] = {
    "proposal_id": "prop_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "number": "PRO-2027-000001",
    "client_id": "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "client_name": "Acme Events",
    "client_email": "events@acme.example",
    "status": "sent",
    "revision_number": 1,
    "title": "Your trip to Atlantic City",
    "choice": "one",
    "currency": "USD",
    "link_nonce": NONCE,
    "trips": [
        {
            "item": item,
            "label": label,
            "charter_id": f"chr_01K3ZV8N6Y3T5G7H9J1M2P4R{item}S",
            "number": f"CH-2027-00000{item}",
            "pickup": "11 Wall St, New York, NY",
            "dropoff": "1901 Boardwalk, Atlantic City, NJ",
            "starts_at": "2027-03-03T14:00:00Z",
            "timezone": "America/New_York",
            "vehicle_class": "coach",
            "vehicle_count": item,
            "passengers": 40,
            "total": 1726.5,
        }
        for item, label in ((1, "One coach"), (2, ""))
    ],
}

_INVOICE: dict[str, Any] = {
    "invoice_id": "ivc_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "number": "INV-2027-HARBOR-00001",
    "client_id": "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "client_name": "Acme Events",
    "client_email": "events@acme.example",
    "currency": "USD",
    "total": 726.5,
    "balance_due": 526.5,
    "issue_date": "2027-01-31",
    "due_date": "2027-03-02",
}

_PAYMENT: dict[str, Any] = {
    "payment_id": "pay_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "client_id": "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "client_name": "Acme Events",
    "client_email": "events@acme.example",
    "number": "INV-2027-HARBOR-00001",
    "invoice_id": "ivc_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "charter_id": None,
    "amount": 526.5,
    "currency": "USD",
    "card": "Visa ending in 4242",
}

_DOCUMENT: dict[str, Any] = {
    "compliance_id": "cmp_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "subject_type": "vendor",
    "subject_id": "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "document_type": "business_license",
    "document_name": "California business license",
    "expiration_date": "2027-03-03",
    "subject_name": "Premium Coach Lines",
    "subject_email": "john@premiumcoach.com",
}

_BIDDING: dict[str, Any] = {
    "bid_request_id": "brq_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "number": "CH-2027-000001",
    "deadline": "2099-01-01T15:00:00Z",
}

_BID: dict[str, Any] = {
    "bid_id": "bid_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "bid_request_id": "brq_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "vendor_id": "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "vendor_name": "Premium Coach Lines",
    "vendor_email": "john@premiumcoach.com",
    "charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "number": "CH-2027-000001",
    "vehicle_count": 1,
}

_ASSIGNMENT: dict[str, Any] = {
    "assignment_id": "asg_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "number": "CH-2027-000001",
    "vehicle_number": 1,
    "driver_id": "drv_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "driver_name": "Rosa Delgado",
    "driver_phone": "+12125550177",
    "driver_email": None,
    "vehicle_id": "veh_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "vehicle_name": "Coach 12",
    "timezone": "America/New_York",
    "starts_at": "2099-03-03T13:30:00Z",
    "pickup_at": "2099-03-03T14:00:00Z",
    "pickup": "11 Wall St, New York, NY",
    "dropoff": "1901 Boardwalk, Atlantic City, NJ",
    "second_driver_id": None,
    "second_driver_name": None,
    "second_driver_phone": None,
}

_REFUND: dict[str, Any] = {
    "refund_id": "rfd_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "payment_id": "pay_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "client_id": "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "client_name": "Acme Events",
    "client_email": "events@acme.example",
    "charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "invoice_id": None,
    "number": "CH-2027-000001",
    "amount": 431.63,
    "currency": "USD",
    "reason": "Cancellation of CH-2027-000001",
}

_RECOVERY: dict[str, Any] = {
    "recovery_id": "rcv_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "assignment_id": "asg_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "number": "CH-2027-000001",
    "vehicle_number": 1,
    "driver_id": "drv_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "driver_name": "Rosa Delgado",
    "vehicle_id": "veh_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "vehicle_name": "Coach 12",
    "reason": "breakdown",
    "timezone": "America/New_York",
    "pickup_at": "2099-03-03T14:00:00Z",
    "pickup": "11 Wall St, New York, NY",
    "dropoff": "1901 Boardwalk, Atlantic City, NJ",
}

_OFFER: dict[str, Any] = {
    "offer_id": "off_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "driver_id": "drv_01K3ZV8N6Y3T5G7H9J1M2P4R6T",
    "driver_name": "Nia Near",
    "vehicle_id": "veh_01K3ZV8N6Y3T5G7H9J1M2P4R6T",
    "vehicle_name": "Coach 14",
    "expires_at": "2099-03-03T13:10:00Z",
}

_REPLACEMENT: dict[str, Any] = {
    "replacement_id": "asg_01K3ZV8N6Y3T5G7H9J1M2P4R6T",
    "replacement_driver_id": "drv_01K3ZV8N6Y3T5G7H9J1M2P4R6T",
    "replacement_driver_name": "Nia Near",
    "replacement_vehicle_id": "veh_01K3ZV8N6Y3T5G7H9J1M2P4R6T",
    "replacement_vehicle_name": "Coach 14",
    "client_name": "Acme Events",
    "client_email": "events@acme.example",
}

SAMPLES: dict[str, dict[str, Any]] = {
    "recovery.offered": {**_RECOVERY, "offer": _OFFER, "driver_phone": "+12125550188"},
    "recovery.escalated": {**_RECOVERY, "why": "2 drivers asked; no other driver can take over", "asked": 2},
    "trip.recovered": {**_RECOVERY, **_REPLACEMENT},
    "charter.reminder_sent": {
        **TRIP,
        "vehicles": [{"vehicle": 1, "vehicle_name": "Coach 12", "driver_names": ["Rosa"]}],
        "is_correction": False,
    },
    "assignment.offered": {**_ASSIGNMENT, "chosen_by": "person"},
    "assignment.accepted": {**_ASSIGNMENT, "second_driver_name": "Sam Tran", "second_driver_phone": "+12125550188"},
    "assignment.reminder_sent": {**_ASSIGNMENT, "is_accepted": True},
    "assignment.released": {**_ASSIGNMENT, "reason": "The charter was cancelled"},
    "assignment.declined": {**_ASSIGNMENT, "reason": "My child is ill"},
    "assignment.endangered": {**_ASSIGNMENT, "reason": "The driver is on leave"},
    "trip.hours_exceeded": {**_ASSIGNMENT, "since": "2099-03-04T00:00:00Z"},
    "trip.late_risk": {
        **_ASSIGNMENT,
        "minutes": 18,
        "stop": 1,
        "address": "1901 Boardwalk, Atlantic City, NJ",
        "planned_at": "2099-03-03T17:00:00Z",
        "expected_at": "2099-03-03T17:18:00Z",
    },
    "trip.papers_lacking": {
        **_ASSIGNMENT,
        "reasons": ["Rosa Delgado: Required document is not valid on 2099-03-03: medical certificate"],
    },
    "trip.unstarted": {**_ASSIGNMENT, "minutes": 15},
    "quote.reminder_sent": {
        **TRIP,
        "quote_id": "quo_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        "link_nonce": NONCE,
        "expires_at": "2099-01-01T15:00:00Z",
    },
    "quote.sent": {
        **TRIP,
        "quote_id": "quo_1",
        "link_nonce": NONCE,
        "expires_at": "2099-01-01T15:00:00Z",
        "cancellation_terms": ["72 hours or more before the first pickup: we refund 100% of what you paid"],
    },
    "quote.opened": {**_QUOTED_TRIP, "quote_id": "quo_1"},
    "quote.accepted": {
        **_QUOTED_TRIP,
        "quote_id": "quo_1",
        "accepted_by": "Dana Lee",
        "by_client": True,
        "deposit_due": 431.63,
    },
    "quote.declined": {**TRIP, "quote_id": "quo_1", "reason": "Found another carrier"},
    "proposal.sent": {**_PROPOSAL, "text": "Dear Dana,\nplease choose.", "valid_until": "2099-01-01T15:00:00Z"},
    "proposal.accepted": {
        **_PROPOSAL,
        "trips": _PROPOSAL["trips"][:1],
        "accepted_by": "Dana Lee",
        "total": 1726.5,
        "deposit_due": 431.63,
        "declined_numbers": ["CH-2027-000002"],
    },
    "proposal.declined": {**_PROPOSAL, "reason": "Too expensive"},
    "charter.booked": {**TRIP, "accepted_by": "Dana Lee"},
    "charter.confirmation_sent": {**TRIP, "accepted_by": "Dana Lee", "link_nonce": NONCE},
    "charter.cancelled": {**TRIP, "reason": "", "initiated_by": "client", "refund_percent": 25, "refund": 431.63},
    "document.expiring": {**_DOCUMENT, "days_left": 7},
    "document.expired": {**_DOCUMENT, "renewed": False},
    "bidding.invited": {
        **_BIDDING,
        "invitation_id": "ivt_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        "vendor_id": "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        "vendor_name": "Premium Coach Lines",
        "vendor_email": "john@premiumcoach.com",
        "link_nonce": NONCE,
        "starts_at": "2027-03-03T14:00:00Z",
        "timezone": "America/New_York",
        "pickup": "11 Wall St, New York, NY",
        "dropoff": "1901 Boardwalk, Atlantic City, NJ",
        "vehicle_class": "coach",
        "vehicle_count": 1,
        "passengers": 40,
        "message": "Four hours on site.",
    },
    "bidding.decision_needed": {**_BIDDING, "bids": 3, "escalated": True},
    "bidding.no_bids": {**_BIDDING, "bids": 0, "reason": "No bid can be awarded"},
    "bid.accepted": {
        **_BID,
        "quoted_price": 1250.0,
        "currency": "USD",
        "payout_date": "2027-04-02",
        "vehicles": [1],
        "starts_at": "2027-03-03T14:00:00Z",
        "timezone": "America/New_York",
        "reason": "Best price",
        "by_itself": False,
    },
    "bid.called_off": {**_BID, "reason": "The charter was cancelled"},
    "bid.rejected": {**_BID, "reason": "A lower bid was chosen"},
    "invoice.filed": {**_INVOICE, "pdf_key": "invoices/x/INV-2027-HARBOR-00001.pdf", "link_nonce": NONCE},
    "invoice.overdue": {**_INVOICE, "link_nonce": NONCE},
    "invoice.voided": {**_INVOICE, "reason": "Wrong department"},
    "invoicing.finished": {
        "month": "2027-01",
        "currency": "USD",
        "invoices": 3,
        "total": 2179.5,
        "failures": [
            {
                "client_id": "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
                "client_name": "Bolt Tours",
                "reason": "Its trip was changed",
            }
        ],
    },
    "charge.unknown": {"payment_intent_id": "pi_3Q1", "amount": 120.5, "currency": "USD"},
    "payment.announced": {
        "collection_id": "col_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        "client_id": "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        "client_name": "Acme Events",
        "client_email": "events@acme.example",
        "charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        "invoice_id": None,
        "number": "CH-2027-000001",
        "due_on": "2027-02-17",
        "amount": 544.87,
        "currency": "USD",
        "card": "Visa ending in 4242",
        "charge_on": "2027-02-17",
        "link_nonce": NONCE,
    },
    "payment.uncollected": {
        "collection_id": "col_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        "client_id": "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        "client_name": "Acme Events",
        "charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        "invoice_id": None,
        "number": "CH-2027-000001",
        "due_on": "2027-02-17",
        "amount": 544.87,
        "currency": "USD",
        "tries": 4,
        "reason": "Your card was declined.",
    },
    "refund.approval_needed": {**_REFUND, "escalated": True},
    "refund.completed": {**_REFUND, "method": "card"},
    "refund.failed": {**_REFUND, "state": "SendRefund", "error": "it answered 400: no such charge"},
    "payment.dispute_ended": {**_PAYMENT, "dispute_id": "dp_1", "status": "lost", "reason": "product_not_received"},
    "payment.disputed": {**_PAYMENT, "dispute_id": "dp_1", "status": "open", "reason": "product_not_received"},
    "payment.failed": {
        **_PAYMENT,
        "failure_code": "card_declined",
        "failure_message": "Your card was declined.",
        "link_nonce": NONCE,
    },
    "payment.succeeded": {**_PAYMENT, "succeeded_at": "2027-02-20T15:00:00Z", "open_balance": 200, "booked": False},
    "payment.unplaced": {**_PAYMENT, "trouble": "the charter is cancelled"},
    "payout.made": {
        "payout_id": "pyo_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        "vendor_id": "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        "vendor_name": "Premium Coach Lines",
        "vendor_email": "john@premiumcoach.com",
        "total": 1335.5,
        "currency": "USD",
        "method": "ach",
        "reference": "Run 12",
        "paid_on": "2027-04-02",
        "lines": [
            {
                "payable_id": "pbl_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
                "number": "CH-2027-000001",
                "description": "Trip CH-2027-000001, 1 vehicle",
                "amount": 1250.0,
            },
            {
                "payable_id": "pbl_01K3ZV8N6Y3T5G7H9J1M2P4R6T",
                "number": "",
                "description": "Parking at the stadium",
                "amount": 85.5,
            },
        ],
    },
    "user.invited": {
        **_USER,
        **_NONCE_FIELDS,
        "email": "eli@harbor.example",
        "last_name": "Roe",
        "role": "staff",
        "invited_by": "usr_1",
    },
    "user.email_confirmation_requested": {**_USER, **_NONCE_FIELDS, "email": "eli@harbor.example"},
    "user.password_reset_requested": {**_USER, **_NONCE_FIELDS, "email": "eli@harbor.example"},
    "user.password_changed": {**_USER, "email": "eli@harbor.example"},
    "user.otp_requested": {**_USER, **_NONCE_FIELDS, "channel": "sms", "recipient": "+12125550123"},
}
"""The data of a sample event, by event type."""

for _rule in RULES:
    if _rule.event.TYPE not in SAMPLES and "json_schema_extra" in _rule.event.model_config:
        _examples: Any = _rule.event.model_config["json_schema_extra"]
        SAMPLES[_rule.event.TYPE] = _examples["examples"][0]
"""Event classes with an example need no sample here."""
