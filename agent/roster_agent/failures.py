"""Everything that can go wrong, sorted by whose fault it is.

::

    AgentError
    ├─ SetupError             this server's administrator can put it right
    │  ├─ BadArgument
    │  ├─ BadSettings
    │  ├─ BundleUnusable
    │  ├─ FileUnwritable
    │  ├─ NotEnrolled
    │  ├─ NoUploader, UploaderEnrolled (in `upload.upload_failures`)
    │  ├─ AlreadyEnrolled
    │  ├─ NobodyToAsk
    │  ├─ AlreadyRunning
    │  ├─ ServiceFailed
    │  ├─ DiskFull
    │  ├─ StateUnusable
    │  │  └─ StateNotOurs
    │  ├─ FolderUnusable
    │  └─ MirrorUnusable
    │     └─ MirrorBroken
    ├─ AccessError            the cloud's administrator has to give access (in `net.feed_failures`)
    │  ├─ CodeRefused
    │  ├─ CodeForOtherSite
    │  ├─ CodeForUploader
    │  ├─ TokenRefused
    │  └─ CodeForServer, UploaderRefused, SiteNotAdded (in `upload.upload_failures`)
    ├─ FeedError              the network, or the feed, cannot answer now (in `net.feed_failures`)
    │  ├─ FeedUnreachable
    │  ├─ FeedFailed
    │  │  └─ LinkRefused (in `upload.upload_client`)
    │  ├─ NotTheFeed
    │  ├─ VersionGone
    │  ├─ CursorUnknown
    │  └─ NothingPublished
    ├─ RefusedVersion         the feed offers what this server refuses (in `trust.refusals`)
    │  ├─ WronglySigned
    │  ├─ CorruptDownload
    │  ├─ VersionWentBackwards
    │  ├─ VersionRewritten
    │  └─ VersionHeld
    ├─ NoAnswer               a question that the mirror cannot answer
    │  ├─ NothingPulled
    │  ├─ NothingHeld
    │  ├─ UnknownName
    │  └─ VersionNotKept
    ├─ NotUploaded            a pair stays where it is (in `upload.upload_failures`)
    │  ├─ PairIncomplete
    │  ├─ FilesChanging
    │  ├─ FilesUnreadable
    │  ├─ FilesFaulty
    │  └─ UploadBroken
    ├─ UploadUnheard          it is in the cloud; what became of it is not known
    └─ Stopped                asked to stop; nothing is wrong

A failure's docstring is what a person reads: what happened, then what to do. The text never holds a token, a username
or a class name. The code (the class's name in snake case) is what ``status`` shows and what people search for.
"""

import re
from typing import ClassVar


class AgentError(Exception):
    """A failure that is to be expected: shown in a few words, never as a stack trace."""

    exit_status: ClassVar[int] = 1

    def __init__(self, detail: str = "") -> None:
        """Add what is known of this case to what happened."""
        happened, _, advice = (" ".join(part.split()) for part in (type(self).__doc__ or "").partition("\n\n"))
        super().__init__(f"{happened.rstrip('.')}{': ' if detail else ''}{detail}. {advice}".strip())

    @property
    def code(self) -> str:
        """FeedFailed is feed_failed."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()


class SetupError(AgentError):
    """Something on this machine is not as it should be."""


class BadArgument(SetupError):
    """A value on the command line cannot be used.

    See roster-agent enrol --help.
    """

    exit_status = 2


class NobodyToAsk(SetupError):
    """The command asks before it acts, and there is nobody to answer.

    Nothing was changed. Run it in a terminal, or add --yes.
    """

    exit_status = 2


class BadSettings(SetupError):
    """The settings in agent.toml cannot be used.

    Correct the file, which is in the state folder; docs/agent.md describes each line of it.
    """


class BundleUnusable(SetupError):
    """The bundle cannot be used.

    Nothing was changed. Write it again with roster-agent export, on a server that has a version.
    """


class FileUnwritable(SetupError):
    """The file cannot be written.

    Choose a file in a folder that exists, has room, and that this account may write to.
    """


class ServiceFailed(SetupError):
    """The system's service manager refused.

    Run the command as an administrator; docs/agent.md says what it changes.
    """


class NotEnrolled(SetupError):
    """The state folder has no enrolment.

    Run roster-agent enrol first, or name the right state folder with --state.
    """


class AlreadyEnrolled(SetupError):
    """The state folder has an enrolment already.

    The code was not used. To replace the enrolment, run the same command with --force.
    """


class AlreadyRunning(SetupError):
    """Another roster-agent is at work with this state folder.

    Nothing was done; let it finish.
    """


class StateUnusable(SetupError):
    """The agent's state folder cannot be used.

    Run the agent as the account that enrolled it, check that the disk has room, or name another folder with --state.
    """


class StateNotOurs(StateUnusable):
    """The agent's state folder, or something in it, does not belong to this account alone.

    Whoever can write there can choose the roster. Run the agent as the account that the folder belongs to. If nobody
    else ever had access, take it away from the others (chown -R, chmod -R go-w). If somebody may have had it, enrol
    again with another folder.
    """


class DiskFull(SetupError):
    """A disk is full.

    This server's current version is unharmed, and answers as before. Make room: no site needs more than 200 MB. The
    next pull then goes on by itself. A quota may be full where the disk is not.
    """


class FolderUnusable(SetupError):
    """The CSVImport folder cannot be used.

    Check that it exists, that its disk has room, that this account may create and replace files in it, and that no
    program keeps its files open; then run roster-agent again.
    """


class MirrorUnusable(SetupError):
    """The local mirror cannot be used.

    Check that the disk of the state folder has room and that this account may write there; then run roster-agent pull.
    """


class MirrorBroken(MirrorUnusable):
    """The local mirror is damaged.

    Run roster-agent pull, which fetches the version again.
    """


class NoAnswer(AgentError):
    """The mirror cannot tell."""


class NothingPulled(NoAnswer):
    """No version was pulled yet.

    Run roster-agent pull.
    """


class NothingHeld(NoAnswer):
    """No version is held.

    There is nothing to approve; roster-agent status shows what this server has.
    """


class VersionNotKept(NoAnswer):
    """The mirror does not keep that version.

    See roster-agent history for those that it keeps.
    """


class UnknownName(NoAnswer):
    """This server's current version has no such name.

    Upper and lower case do not matter; roster-agent status shows which version it is.
    """


class Stopped(AgentError):
    """The agent was asked to stop.

    Nothing is half done; the next pull goes on.
    """
