"""Steps of the state machine `bidding`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coachway.bids import flow
from coachway.core import stepping
from coachway.core.caller import Caller


def _step(caller: Caller, request_id: str, step: str, event: Mapping[str, Any]) -> flow.Next:
    match step:
        case "look":
            opened = event["opened"]
            return flow.look(
                caller,
                request_id,
                execution=event["execution"],
                round_=opened["data"]["round"],
                redriven=bool(opened.get("redriven")),
                waited=event["waited"],
            )
        case "wait":
            flow.wait(
                caller, request_id, token=event["token"], waits_for=event["waits_for"], deadline=event["deadline"]
            )
            return flow.Next(go="wait")
        case "award":
            return flow.award(caller, request_id, event["bid_ids"])
        case "failed":
            return flow.failed(caller, request_id, state=event["state"], failure=event["failure"])
        case _:
            return flow.STEPS[step](caller, request_id)


handler = stepping.entry("bidding", "opened", _step)
