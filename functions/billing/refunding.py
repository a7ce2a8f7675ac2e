"""Steps of the state machine `refund`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coachway.billing import refund_flow as flow
from coachway.core import stepping
from coachway.core.caller import Caller


def _step(caller: Caller, refund_id: str, step: str, event: Mapping[str, Any]) -> flow.Next:
    match step:
        case "look":
            requested = event["requested"]
            return flow.look(
                caller,
                refund_id,
                execution=event["execution"],
                round_=requested["data"]["round"],
                redriven=bool(requested.get("redriven")),
            )
        case "ask":
            return flow.ask(caller, refund_id, token=event["token"], escalated=event["escalated"])
        case "give_up":
            return flow.give_up(caller, refund_id)
        case "give_back":
            return flow.give_back(caller, refund_id)
        case "failed":
            return flow.caught(caller, refund_id, state=event["state"], failure=event["failure"])
        case _:
            raise ValueError(f"there is no step {step}")


handler = stepping.entry("refunds", "requested", _step)
