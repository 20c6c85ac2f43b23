"""The addresses that the agent goes to: a feed's, and where a feed redirects to. No IO.

Comes in: what a person typed, or a feed answered. Goes out: the address to use. Refused: an address that is neither
https nor this machine itself (``BadArgument``; for a redirect ``NotTheFeed``).
"""

from ipaddress import ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from roster.pair import is_site
from roster_agent.failures import BadArgument
from roster_agent.net.feed_failures import NotTheFeed


def site(text: str) -> str:
    """The site's id, when it can be one."""
    if not is_site(text):
        raise BadArgument("a site has 1 to 63 lower-case letters, digits and hyphens, and does not start with a hyphen")
    return text


def feed_url(text: str) -> str:
    """The feed's address without a slash at its end. Its path is kept; credentials, query and fragment are refused."""
    parts = _split(text)
    if parts is None or "?" in text or "#" in text or "@" in parts.netloc:
        raise BadArgument("the feed's address is like https://HOST or https://HOST/PATH, with nothing after it")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise BadArgument("the feed's address must start with https:// (http:// is for this machine itself alone)")
    return text.rstrip("/")


def redirect_url(requested: str, location: str) -> str:
    """Where a redirect leads. Only a feed on this machine may send to http, and then only to this machine."""
    try:
        target = urljoin(requested, location)
    except ValueError:
        target = ""
    parts, origin = _split(target), _split(requested)
    local = parts and origin and is_loopback(parts.hostname or "") and is_loopback(origin.hostname or "")
    if not location or parts is None or "@" in parts.netloc or not (parts.scheme == "https" or local):
        raise NotTheFeed("it redirects a download to an address that is not https")
    return target


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _split(address: str) -> SplitResult | None:
    """The parts of a usable http or https address, else None."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    # urlsplit drops tabs and line breaks silently; what is stored and sent must be what was checked.
    return parts if usable and address.isprintable() and " " not in address else None
