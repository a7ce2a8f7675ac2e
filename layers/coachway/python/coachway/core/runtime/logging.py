"""The logger: one JSON object per line. Log ids, never names, addresses, tokens or bodies."""

import os

from aws_lambda_powertools.logging import Logger

logger = Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME", "coachway"))
