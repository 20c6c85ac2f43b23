"""What can go wrong with an upload: `failures` has the whole tree.

None of these changes anything in the cloud: what was imported before stays in force.
"""

from roster_agent.failures import AgentError, SetupError
from roster_agent.net.feed_failures import AccessError


class NoUploader(SetupError):
    """The state folder has no uploader's enrolment.

    Ask for a code (roster-admin uploader add SITE NAME prints one), and run roster-agent push DIR --enrol CODE
    --feed URL --site SITE.
    """


class UploaderEnrolled(SetupError):
    """The state folder has an uploader's enrolment for another site or feed already.

    The code was not used. To replace the enrolment, run the same command with --force.
    """


class UploaderRefused(AccessError):
    """The feed refused this uploader's token, because it was revoked or replaced, or belongs to another site.

    Nothing was uploaded. Ask for a new code, and run roster-agent push with --enrol.
    """


class CodeForServer(AccessError):
    """The code is for a server, and not for an uploader.

    The code was not used up. Ask for one that roster-admin uploader add SITE NAME prints.
    """


class SiteNotAdded(AccessError):
    """The cloud has no such site, or has it no longer.

    Nothing was uploaded. Ask whoever looks after the sites to run roster-admin site add SITE.
    """


class NotUploaded(AgentError):
    """The files are still here, and none or only one of them is in the cloud."""


class PairIncomplete(NotUploaded):
    """A file is missing.

    Nothing was uploaded. Put teachers.csv and students.csv, spelled exactly so, into one folder, or oneroster.zip or
    clever.zip.
    """


class FilesChanging(NotUploaded):
    """The files went on changing while they were waited for.

    Nothing was uploaded. Run roster-agent push once the export has ended.
    """


class FilesUnreadable(NotUploaded):
    """The files cannot be read.

    Nothing was uploaded. Check that the folder exists, that this account may read it, and that no program keeps the
    files open.
    """


class FilesFaulty(NotUploaded):
    """The files have errors.

    Nothing was uploaded. Correct them; or upload them as they are with --anyway: an import skips what is wrong in them.
    """


class UploadBroken(NotUploaded):
    """The upload could not be finished.

    What was imported before stays in force. Run roster-agent push again; with --watch it tries again by itself.
    """

    def __init__(self, detail: str = "", retry_after: float | None = None) -> None:
        """With the seconds that the feed asks to be left alone for, where it says so."""
        super().__init__(detail)
        self.retry_after = retry_after


class UploadUnheard(AgentError):
    """Both files are in the cloud, but what became of them could not be asked.

    An import does not need this machine any more. Whoever looks after the site sees its outcome.
    """
