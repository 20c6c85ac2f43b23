"""The agent's settings: agent.toml in the state folder, read again before every pull.

Comes in: the file's bytes. Goes out: `Settings`. What the file leaves out is as in `TEMPLATE`, the file that an
enrolment writes where there is none. Refused (``BadSettings``): what is not TOML, a name that is not a setting, a value
of another kind or out of its range. Everything that is wrong is said at once, without the value, which may be a secret.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from roster_agent.failures import BadSettings
from roster_agent.trust.guard import Limits

TEMPLATE = """\
# The settings of roster-agent. It reads this file before every pull: nothing has to be restarted.
# A line that begins with # has no effect; it shows the default.

# How the feed is reached: "system" (what the environment, or on Windows the Internet Options of the agent's account,
# say), "none", or the proxy's address, as "http://proxy.school.example:8080" or "http://NAME:PASSWORD@HOST:PORT".
# proxy = "system"

# A file of certificates (PEM) to trust beside the operating system's, for a proxy that opens TLS.
# ca_file = "C:/certificates/proxy.pem"

# How much the log in the folder "logs" says: "debug", "info", "warning" or "error".
# log_level = "info"

# How long to try again, in seconds from 0 to 60, when a program keeps a file of the CSVImport folder open.
# file_retry_seconds = 5

# What a person approved in the cloud: "accept" takes it as approved here, "ask" holds it here too, until somebody runs
# roster-agent approve.
# cloud_approval = "accept"

# A version that removes more than this share AND more than this many of the memberships is held until
# somebody runs roster-agent approve, or a newer version comes that removes less. 100 percent holds nothing.
[hold]
# percent = 10
# memberships = 25
"""

_LEVELS = ("debug", "info", "warning", "error")
_CLOUD_APPROVALS = ("accept", "ask")


@dataclass(frozen=True)
class Settings:
    """The choices of a server's administrator. `proxy` is "system", "none" or an address, which may hold a password."""

    proxy: str = "system"
    ca_file: Path | None = None
    log_level: str = "info"
    file_retry_seconds: float = 5
    limits: Limits = field(default_factory=Limits)

    def __repr__(self) -> str:
        """Without the proxy."""
        return f"Settings(ca_file={self.ca_file}, log_level={self.log_level}, limits={self.limits})"


def parse(data: bytes) -> Settings:
    """The settings in a file's bytes; raises BadSettings."""
    try:
        said = tomllib.loads(data.decode("utf-8-sig"))
    except tomllib.TOMLDecodeError as problem:
        # The text says line and column, and may quote the file.
        raise BadSettings(f"not TOML ({str(problem).rpartition('(')[2].rstrip(')')})") from None
    except UnicodeDecodeError:
        raise BadSettings("not UTF-8 text") from None
    wrong = list(_wrong(said))
    if wrong:
        raise BadSettings("; ".join(wrong))
    hold = said.pop("hold", {})
    if "ca_file" in said:
        said["ca_file"] = Path(said["ca_file"])
    if "cloud_approval" in said:
        hold["cloud_approval"] = said.pop("cloud_approval")
    return Settings(**said, limits=Limits(**hold))


def _wrong(said: Mapping[str, Any]) -> Iterator[str]:
    """Everything that is wrong, in words."""
    hold = said.get("hold", {})
    if not isinstance(hold, Mapping):
        yield "hold is a table, [hold]"
        hold = {}
    known = {"proxy", "ca_file", "log_level", "file_retry_seconds", "cloud_approval", "hold"}
    strange = [*(said.keys() - known), *(f"hold.{name}" for name in hold.keys() - {"percent", "memberships"})]
    yield from (f"there is no setting {name!r}" for name in sorted(strange))
    if not is_proxy(said.get("proxy", "system")):
        yield (
            'proxy is "system", "none", or an address like "http://HOST:PORT", with nothing after it; '
            "in a name or password, write / as %2F, @ as %40 and # as %23"
        )
    ca_file = said.get("ca_file", "x")
    if not isinstance(ca_file, str) or not ca_file or "\0" in ca_file:
        yield 'ca_file is the path of a file, in quotes, like "C:/certificates/proxy.pem"'
    if said.get("log_level", "info") not in _LEVELS:
        yield f"log_level is one of {', '.join(_LEVELS)}"
    if said.get("cloud_approval", "accept") not in _CLOUD_APPROVALS:
        yield f"cloud_approval is one of {', '.join(_CLOUD_APPROVALS)}"
    yield from _out_of_range("file_retry_seconds", said.get("file_retry_seconds", 0), 60)
    yield from _out_of_range("hold.percent", hold.get("percent", 0), 100)
    yield from _out_of_range("hold.memberships", hold.get("memberships", 0), 10_000_000)


def is_proxy(value: object) -> bool:
    """Whether a value of the setting `proxy` can be one."""
    if not isinstance(value, str):
        return False
    if value in ("system", "none"):
        return True
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return False
    # A password with a character that ends it would turn its rest into a host name, which messages show.
    ends = parts.path in ("", "/") and "?" not in value and "#" not in value and parts.netloc.count("@") <= 1
    return bool(usable) and ends and value.isprintable() and " " not in value


def _out_of_range(name: str, value: object, most: int) -> Iterator[str]:
    # TOML's booleans are Python's, which count as numbers.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        yield f"{name} is a number from 0 to {most}"
