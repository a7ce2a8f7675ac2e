"""The rules of messages agree with the events, the samples and the templates."""

from __future__ import annotations

import json

import pytest

from coachway.core.persistence.domain_events import Event
from coachway.messaging.notifications.consumers import RULES, RULES_BY_EVENT
from coachway.messaging.rendering import renderer
from tests.unit.messaging.builders import build_delivery
from tests.unit.messaging.sample_events import SAMPLES


def test_event_of_every_rule_is_registered() -> None:
    assert all(Event.registry[rule.event.TYPE] is rule.event for rule in RULES)


def test_every_event_with_a_rule_has_a_sample() -> None:
    assert set(RULES_BY_EVENT) == set(SAMPLES)


@pytest.mark.parametrize("event_type", sorted(SAMPLES))
def test_sample_has_exactly_the_fields_of_its_event(event_type: str) -> None:
    Event.registry[event_type].model_validate_json(json.dumps(SAMPLES[event_type]))


def test_parse_ignores_fields_of_newer_versions() -> None:
    event = build_delivery("charter.booked", new_field=1).parse(Event.registry["charter.booked"])
    assert not hasattr(event, "new_field")


def test_every_template_belongs_to_a_rule() -> None:
    templates = {path.name.split(".")[0] for path in renderer.TEMPLATES.glob("*.jinja")}
    assert templates == {rule.template for rule in RULES}
