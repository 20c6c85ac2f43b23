"""What the state folder remembers in files of its own form: who this server is, and how its last pull ended. No IO."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Enrolment:
    """Which server this is, where it pulls from, and where it delivers to."""

    feed: str
    site: str
    server: str
    folder: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Attempt:
    """How the last pull ended: at UTC, ISO 8601; with applied, nothing_new, nothing_published or a failure's code."""

    at: str
    outcome: str
    message: str
