"""How a code becomes an enrolment, and how its token is replaced with another.

Comes in: the feed's address, a site, a single-use code and the CSVImport folder. Goes out: an enrolment in the state
folder, with the keys to trust. Everything that can be wrong on this machine is refused before the code is used up: the
address, the site's form, a folder that is missing or cannot be written, a state folder that is not the agent's, a full
disk, an enrolment that is there.
"""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from roster_agent.disk import room
from roster_agent.disk.csvimport_folder import Folder
from roster_agent.disk.records import Enrolment
from roster_agent.disk.state import State
from roster_agent.failures import AlreadyEnrolled, BadArgument, NotEnrolled, StateUnusable
from roster_agent.net import addresses
from roster_agent.net.feed_client import Feed
from roster_agent.net.feed_failures import CursorUnknown, NothingPublished, TokenRefused
from roster_agent.update import apply


def enrol(state: State, *, feed: str, site: str, code: str, folder: Path, force: bool = False) -> Enrolment:
    """Enrol this machine. With `force`, an enrolment that is there is replaced.

    The mirror is kept if feed and site stay the same; else it is dropped, and the next pull starts from nothing.
    """
    feed, site, folder = addresses.feed_url(feed), addresses.site(site), folder.absolute()
    if not code.strip():
        raise BadArgument("the code is empty")
    private, delivered = state.folder.resolve(), folder.resolve()
    if private.is_relative_to(delivered) or delivered.is_relative_to(private):
        raise BadArgument("the state folder and the CSVImport folder must not be inside each other")
    Folder(folder).check()
    state.prepare()
    room.demand([(state.folder, 0), (folder, 0)])
    with state.locked():
        if state.is_enrolled() and not force:
            raise AlreadyEnrolled
        with Feed(feed, site, settings=state.settings()) as connection:
            server, token, keyring = connection.enrol(code.strip())
        if not _is_same_source(state, feed, site):
            state.forget_versions()
        enrolment = Enrolment(feed, site, server, str(folder), token)
        # The keys first: an enrolment without them could believe nothing.
        state.save_keyring(keyring)
        state.save_enrolment(enrolment)
        # For the cloud this is a new server: it has forgotten what this machine reported before.
        state.save_reported({})
        state.offer_settings()
    return enrolment


def rotate_token(state: State) -> None:
    """Replace this server's token with a new one. The old one works until the new one is used: nobody is locked out.

    The new one is written down before it is used, and taken back if the feed refuses it (TokenRefused).
    """
    state.enrolment()  # or there is no folder to put a lock into
    with state.locked():
        before = state.enrolment()
        settings = state.settings()
        with Feed(before.feed, before.site, before.token, settings) as connection:
            token = connection.second_token(before.server)
        state.save_enrolment(replace(before, token=token))
        try:
            with (
                Feed(before.feed, before.site, token, settings) as connection,
                suppress(NothingPublished, CursorUnknown),
            ):
                connection.head(apply.cursor(state))
        except TokenRefused:
            state.save_enrolment(before)
            raise


def _is_same_source(state: State, feed: str, site: str) -> bool:
    try:
        before = state.enrolment()
    except (NotEnrolled, StateUnusable):
        return False
    return (before.feed, before.site) == (feed, site)
