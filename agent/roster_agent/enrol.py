"""How a code becomes an enrolment.

Comes in: the feed's address, a site, a single-use code and the CSVImport folder. Goes out: an enrolment in the state
folder. Everything that can be wrong on this machine is refused before the code is used up: the address, the site's
form, a folder that is missing or cannot be written, a state folder that is not the agent's, an enrolment that is there.
"""

from pathlib import Path

from roster_agent import trust
from roster_agent.failures import AlreadyEnrolled, BadArgument, NotEnrolled, StateUnusable
from roster_agent.feed import Feed
from roster_agent.folder import Folder
from roster_agent.state import Enrolment, State


def enrol(state: State, *, feed: str, site: str, code: str, folder: Path, force: bool = False) -> Enrolment:
    """Enrol this machine. With `force`, an enrolment that is there is replaced.

    The mirror outlives that when feed and site stay the same; else it is dropped, and the next pull starts anew.
    """
    feed, site, folder = trust.feed_url(feed), trust.site(site), folder.absolute()
    if not code.strip():
        raise BadArgument("the code is empty")
    private, delivered = state.folder.resolve(), folder.resolve()
    if private.is_relative_to(delivered) or delivered.is_relative_to(private):
        raise BadArgument("the state folder is private, and neither the CSVImport folder nor in it nor around it")
    Folder(folder).check()
    state.prepare()
    with state.locked():
        if state.is_enrolled() and not force:
            raise AlreadyEnrolled
        with Feed(feed, site) as connection:
            server, token = connection.enrol(code.strip())
        if not _is_same_source(state, feed, site):
            state.forget_versions()
        enrolment = Enrolment(feed, site, server, str(folder), token)
        state.save_enrolment(enrolment)
    return enrolment


def _is_same_source(state: State, feed: str, site: str) -> bool:
    try:
        before = state.enrolment()
    except (NotEnrolled, StateUnusable):
        return False
    return (before.feed, before.site) == (feed, site)
