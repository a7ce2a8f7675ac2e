"""Whose turn it is: weighted turns, in which no agent gets ahead or behind by one lead or more. Pure: no clock, no I/O.

A *run* is a series of leads for which the same agents are available with the same weights. In a run, an agent's share
of N leads is N * weight / total. After each lead, every agent has their share, rounded down or up. Smooth weighted
round robin does not guarantee this for all weights. The test of the next agent does: it is that of apportionment that
satisfies quota, seat by seat (Balinski and Young 1975; Still 1979, "A class of new methods for congressional
apportionment"). See decision 49.

Among the agents that pass the test, the one who is most behind over all runs is next, so that a new run, which begins
with every change of the available agents, does not always begin with the same agent.
"""

from collections.abc import Mapping, Sequence
from math import gcd
from typing import Final

from pydantic import Field

from coachway.core.schemas import BaseSchema

CREDIT_PER_LEAD: Final = 1_000_000


class Rotation(BaseSchema):
    """The state of the turns. Agents are known by the ids of their rules."""

    weights: dict[str, int] = Field(default_factory=dict)
    """The weights of the agents of the current run."""
    counts: dict[str, int] = Field(default_factory=dict)
    """The leads of each agent in the current run. A run starts again when all agents have exactly their shares."""
    credits: dict[str, int] = Field(default_factory=dict)
    """How far each agent is behind over all runs, in millionths of a lead; negative if ahead."""
    recent: list[str] = Field(default_factory=list)
    """The agents in the order of their last turns, the latest last."""


def take_turn(rotation: Rotation, weights: Mapping[str, int]) -> tuple[str, Rotation]:
    """Return the agent whose turn it is, and the state after it.

    `weights` are those of the available agents, at least one, all positive.
    """
    divisor = gcd(*weights.values())
    shares = {agent: weight // divisor for agent, weight in weights.items()}
    total = sum(shares.values())
    counts = dict(rotation.counts) if rotation.weights == shares else {}
    credit = _add_shares(rotation.credits, shares)
    recent = list(rotation.recent)
    order = sorted(shares, key=lambda agent: (-credit.get(agent, 0), recent.index(agent) if agent in recent else -1))
    chosen = next(agent for agent in order if _keeps_quota(shares, counts, agent))
    counts[chosen] = counts.get(chosen, 0) + 1
    credit[chosen] -= CREDIT_PER_LEAD
    after = Rotation(
        weights=shares,
        counts={} if sum(counts.values()) == total else counts,
        credits=credit,
        recent=[*(agent for agent in recent if agent != chosen), chosen],
    )
    return chosen, after


def remove_agents(rotation: Rotation, kept: Sequence[str]) -> Rotation:
    """Return the state without the agents that no longer exist."""
    return rotation.model_copy(
        update={
            "credits": {agent: credit for agent, credit in rotation.credits.items() if agent in kept},
            "recent": [agent for agent in rotation.recent if agent in kept],
        }
    )


def _add_shares(before: Mapping[str, int], shares: Mapping[str, int]) -> dict[str, int]:
    total = sum(shares.values())
    gained = {agent: CREDIT_PER_LEAD * share // total for agent, share in shares.items()}
    return dict(before) | {agent: before.get(agent, 0) + gain for agent, gain in gained.items()}


def _keeps_quota(shares: Mapping[str, int], counts: Mapping[str, int], agent: str) -> bool:
    """Whether the agent can get the next lead, so that now and later everybody can have their share, rounded.

    Nobody may exceed their share rounded up. For each later number of leads, the shares rounded down must fit into it,
    beside those who are ahead.
    """
    total = sum(shares.values())
    after = {each: counts.get(each, 0) + (each == agent) for each in shares}
    leads = sum(after.values())
    if after[agent] * total >= leads * shares[agent] + total:
        return False
    for number in range(leads, total + 1):
        if sum(max(number * share // total, after[each]) for each, share in shares.items()) > number:
            return False
        if all(number * share >= after[each] * total for each, share in shares.items()):
            return True
    return True
