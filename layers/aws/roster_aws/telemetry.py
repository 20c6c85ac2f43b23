"""What a function says in its own log. Reports for people go to `logbook`. Never a username, never a class."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from aws_lambda_powertools import Logger

logger = Logger()


def audit(action: str, **about: object) -> None:
    """Log what was done, granted or refused, and to whom. Never a secret."""
    logger.info("audit", extra={"action": action, **about})


@dataclass
class Phases:
    """How long each phase of an import took, in milliseconds."""

    milliseconds: dict[str, int] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)

    def end(self, phase: str) -> None:
        """A phase has ended; the next begins."""
        now = time.monotonic()
        self.milliseconds[phase] = round((now - self._since) * 1000)
        self._since = now
