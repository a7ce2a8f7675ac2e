"""One JSON line per thing that happened, with ids and never with names, addresses, tokens or bodies."""

from __future__ import annotations

import os

from aws_lambda_powertools.logging import Logger

logger = Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME", "coachway"))
