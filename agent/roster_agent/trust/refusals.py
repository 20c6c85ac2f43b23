"""Versions that this server refuses: `failures` has the whole tree.

A refusal changes nothing.
"""

from roster_agent.failures import AgentError


class RefusedVersion(AgentError):
    """The feed, or a bundle, offers what this server must not take."""


class WronglySigned(RefusedVersion):
    """The version is not signed by a key that this server trusts.

    Nothing was changed. The next pull tries again. If this goes on, tell the cloud's administrator. If this server was
    off while the feed changed its keys twice, ask for a new code and run roster-agent enrol with it and --force.
    """


class CorruptDownload(RefusedVersion):
    """What was downloaded is not what was published.

    Nothing was changed. The next pull tries again; if this goes on, look for a proxy that alters downloads, and tell
    the cloud's administrator.
    """


class VersionWentBackwards(RefusedVersion):
    """The version on offer is older than one that this server has seen.

    Nothing was changed. If it is in a bundle, export the bundle again. Else tell the cloud's administrator: versions
    never go backwards.
    """


class VersionRewritten(RefusedVersion):
    """The version on offer has other contents than the version of this number that this server has seen.

    Nothing was changed. Tell the cloud's administrator: a published version never changes.
    """


class VersionHeld(RefusedVersion):
    """The version would remove more memberships than this server allows at once, so it is held.

    Nothing was changed. See what it would change with roster-agent pull --dry-run. If that is right, run
    roster-agent approve. If not, tell the cloud's administrator. The next version is judged by itself.
    """
