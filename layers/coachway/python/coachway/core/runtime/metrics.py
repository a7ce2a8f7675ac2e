"""Metrics for alarms and dashboards, written to the log in CloudWatch's embedded metric format.

Only the outbox relay and the event consumers use them; HTTP requests have the metrics of API Gateway.
"""

import os

from aws_lambda_powertools.metrics import Metrics, MetricUnit

metrics = Metrics(namespace="CoachWay", service=os.environ.get("POWERTOOLS_SERVICE_NAME", "coachway"))


def count(name: str, value: int = 1) -> None:
    """Add to a metric of this invocation, such as `EventsPublished`."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
