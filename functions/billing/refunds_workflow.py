"""Steps of the state machine `refund`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coachway.billing.refunds import workflow as flow
from coachway.core.caller import Caller
from coachway.core.entrypoints import step_handler


def _step(caller: Caller, refund_id: str, step: str, event: Mapping[str, Any]) -> flow.Next:
    match step:
        case "look":
            requested = event["requested"]
            return flow.next_step(
                caller,
                refund_id,
                execution=event["execution"],
                round_=requested["data"]["round"],
                redriven=bool(requested.get("redriven")),
            )
        case "ask":
            return flow.request_approval(caller, refund_id, token=event["token"], escalated=event["escalated"])
        case "give_up":
            return flow.expire_approval(caller, refund_id)
        case "give_back":
            return flow.execute_refund(caller, refund_id)
        case "failed":
            return flow.record_step_failure(caller, refund_id, state=event["state"], failure=event["failure"])
        case _:
            raise ValueError(f"there is no step {step}")


handler = step_handler.workflow_step_handler("refunds", "requested", _step)
