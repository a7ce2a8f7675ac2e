"""Steps of the state machine `payment_collection`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coachway.billing import collection_flow as flow
from coachway.core import stepping
from coachway.core.caller import Caller


def _step(caller: Caller, collection_id: str, step: str, event: Mapping[str, Any]) -> flow.Next:
    match step:
        case "look":
            due = event["due"]
            return flow.look(
                caller,
                collection_id,
                execution=event["execution"],
                round_=due["data"]["round"],
                redriven=bool(due.get("redriven")),
            )
        case "charge":
            return flow.charge(caller, collection_id)
        case "failed":
            return flow.failed(caller, collection_id, state=event["state"], failure=event["failure"])
        case _:
            raise ValueError(f"there is no step {step}")


handler = stepping.entry("collections", "due", _step)
