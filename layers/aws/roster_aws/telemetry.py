"""What a function says in its own log. Reports for people go to `reports`. Never a username, never a class."""

from __future__ import annotations

from aws_lambda_powertools import Logger

logger = Logger()
