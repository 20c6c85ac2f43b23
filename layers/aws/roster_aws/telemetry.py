"""What a function says in its own log. Reports for people go to `logbook`. Never a username, never a class."""

from __future__ import annotations

from aws_lambda_powertools import Logger

logger = Logger()


def audit(action: str, **about: object) -> None:
    """Log what was done, granted or refused, and to whom. Never a secret."""
    logger.info("audit", extra={"action": action, **about})
