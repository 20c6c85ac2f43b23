"""What can go wrong on the way to the feed: `failures` has the whole tree.

None of these changes anything here, and none ever means that something should be removed.
"""

from roster_agent.failures import AgentError


class AccessError(AgentError):
    """The feed does not recognise this machine."""


class CodeRefused(AccessError):
    """The feed did not accept the code: it is unknown, was used before, or has expired (a code lives 15 minutes).

    Ask for a new one; roster-admin enrol SITE SERVER prints it.
    """


class CodeForOtherSite(AccessError):
    """The code belongs to another site.

    The code was not used up. Check --site, or ask for a code for this site.
    """


class CodeForUploader(AccessError):
    """The code is for an uploader, and not for a server.

    The code was not used up. Use it with roster-agent push, or ask for one that roster-admin enrol SITE SERVER prints.
    """


class TokenRefused(AccessError):
    """The feed refused this server's token, because it was revoked or replaced, or belongs to another site.

    Nothing was changed. Ask for a new code, and run roster-agent enrol with it and --force.
    """


class FeedError(AgentError):
    """The feed cannot answer now."""


class FeedUnreachable(FeedError):
    """The feed could not be reached.

    Nothing was changed; the next pull tries again. If this goes on, run roster-agent doctor: it looks at the feed's
    address, the network, the clock and the proxy. A proxy that opens TLS needs its certificate in this system's trust
    store.
    """


class FeedFailed(FeedError):
    """The feed could not answer.

    Nothing was changed. This rarely lasts; the next pull tries again.
    """

    def __init__(self, detail: str = "", retry_after: float | None = None) -> None:
        """With the seconds that the feed asks to be left alone for, where it says so."""
        super().__init__(detail)
        self.retry_after = retry_after


class NotTheFeed(FeedError):
    """The answer did not come from the feed.

    Nothing was changed. Check the feed's address, and that no proxy, web filter or login page stands in front of it.
    """


class VersionGone(FeedError):
    """The feed lacks a part of the version that it offers.

    Nothing was changed. The next pull asks for the newest version; if this goes on, tell the cloud's administrator.
    """


class CursorUnknown(FeedError):
    """The feed does not know the version that this server says it has.

    Nothing was changed. The next pull takes the newest version whole.
    """


class NothingPublished(FeedError):
    """The feed says that nothing was ever published for this site, though this server has a version of it.

    Nothing was changed. Tell the cloud's administrator.
    """
