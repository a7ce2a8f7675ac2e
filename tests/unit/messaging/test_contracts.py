"""The rules of messages agree with the events, the samples and the templates."""

from __future__ import annotations

import json

import pytest

from coachway.core.persistence.domain_events import Event
from coachway.messaging.notifications.consumers import RULES, RULES_BY_EVENT
from coachway.messaging.rendering import renderer
from tests.unit.messaging.sample_events import SAID, delivery


def test_every_rule_is_of_an_event_that_is_published() -> None:
    assert all(Event.registry[rule.event.TYPE] is rule.event for rule in RULES)


def test_every_event_with_a_rule_has_a_sample() -> None:
    assert set(RULES_BY_EVENT) == set(SAID)


@pytest.mark.parametrize("kind", sorted(SAID))
def test_sample_has_exactly_the_fields_of_its_event(kind: str) -> None:
    Event.registry[kind].model_validate_json(json.dumps(SAID[kind]))


def test_parse_ignores_fields_that_a_newer_version_has_added() -> None:
    event = delivery("charter.booked", added_later=1).parse(Event.registry["charter.booked"])
    assert not hasattr(event, "added_later")


def test_every_template_belongs_to_a_rule() -> None:
    templates = {path.name.split(".")[0] for path in renderer.TEMPLATES.glob("*.jinja")}
    assert templates == {rule.template for rule in RULES}
