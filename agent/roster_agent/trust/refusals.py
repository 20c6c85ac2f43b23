"""Versions that this server refuses: `failures` has the whole tree.

A refusal changes nothing.
"""

from roster_agent.failures import AgentError


class RefusedVersion(AgentError):
    """The feed offers what this server must not take."""


class WronglySigned(RefusedVersion):
    """The version is not signed by a key that this server trusts.

    Nothing was changed. The next pull tries again. If this stays, tell the cloud's administrator: where this server
    was off while the feed changed its keys twice, ask for a new code and run roster-agent enrol with it and --force.
    """


class CorruptDownload(RefusedVersion):
    """What was downloaded is not what was published.

    Nothing was changed. The next pull tries again; if this stays, look for a proxy that alters downloads, and tell the
    cloud's administrator.
    """


class VersionWentBackwards(RefusedVersion):
    """What is offered is older than a version that this server has seen.

    Nothing was changed. Where a bundle offers it, export it anew; else tell the cloud's administrator: a version never
    goes backwards.
    """


class VersionRewritten(RefusedVersion):
    """The feed offers other contents under the number of a version that this server has seen.

    Nothing was changed. Tell the cloud's administrator: a published version never changes.
    """


class VersionHeld(RefusedVersion):
    """The version would remove more memberships than this server allows at once, so it is held.

    Nothing was changed. See what it would change with roster-agent pull --dry-run. If that is right, run
    roster-agent approve; if not, tell the cloud's administrator: the next version is judged anew.
    """
