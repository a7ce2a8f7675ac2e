"""Counts for alarms and dashboards, as CloudWatch reads them from the log (embedded metric format).

Only the relay and the consumers count here; what HTTP entries do is in the gateway's own metrics and in their logs.
"""

from __future__ import annotations

import os

from aws_lambda_powertools.metrics import Metrics, MetricUnit

metrics = Metrics(namespace="CoachWay", service=os.environ.get("POWERTOOLS_SERVICE_NAME", "coachway"))


def count(name: str, value: int = 1) -> None:
    """Add to a count of this invocation, such as `EventsPublished`."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
