"""One upload, from a folder to the end of its import. Read it from top to bottom.

1. Wait until nobody writes the files any more; read both (`pair_files`).
2. Check them by the code that will import them (`local_check`); errors stop here, unless they are wanted anyway.
3. Ask for links that take these very bytes, and send them: the larger file first, so that what is likeliest to break
   breaks before anything is there. It is tried again, a few times, each file whole: nobody ever sees a part of one.
4. Ask what becomes of them until that is known.

A file that changes meanwhile changes nothing of this: its bytes were read in the first step.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from roster_agent.failures import AgentError
from roster_agent.net import addresses
from roster_agent.net.feed_failures import FeedError, FeedFailed
from roster_agent.net.transport import Progress
from roster_agent.upload.local_check import Checked, check
from roster_agent.upload.pair_files import Pair, read_when_whole
from roster_agent.upload.push_words import check_lines, said_of_check
from roster_agent.upload.upload_answers import Outcome
from roster_agent.upload.upload_client import UploadFeed
from roster_agent.upload.upload_failures import (
    FilesFaulty,
    NoUploader,
    UploadBroken,
    UploaderEnrolled,
    UploadUnheard,
)
from roster_agent.upload.upload_state import UploaderEnrolment, UploadState

#: How long to wait before each further try, in seconds.
TRIES_AFTER = (2.0, 10.0, 30.0)
#: How often to ask what became of an upload, and for how long.
ASK_EVERY = 3.0
ASK_FOR = 1800.0


@dataclass(frozen=True)
class Pushed:
    """What was uploaded, what was found here before, and what became of it there."""

    upload: str
    checked: Checked
    outcome: Outcome
    pair: Pair = field(repr=False)


@dataclass(frozen=True)
class Wishes:
    """How to push: faulty files as well; whom to tell of progress and of each step; how to wait."""

    anyway: bool = False
    progress: Progress | None = None
    say: Callable[[str], None] = lambda _: None
    wait: Callable[[float], None] = time.sleep


def enrol(state: UploadState, *, feed: str, site: str, code: str, force: bool = False) -> UploaderEnrolment:
    """Make this machine an uploader. One of another site or feed is replaced with `force` alone: UploaderEnrolled."""
    feed, site = addresses.feed_url(feed), addresses.site(site)
    state.prepare()
    with state.locked():
        if not force and not _is_same(state, feed, site):
            raise UploaderEnrolled
        with UploadFeed(feed, site, settings=state.settings()) as connection:
            uploader, token = connection.enrol(code.strip())
        enrolment = UploaderEnrolment(feed, site, uploader, token)
        state.save_uploader(enrolment)
        state.offer_settings()
    return enrolment


def _is_same(state: UploadState, feed: str, site: str) -> bool:
    try:
        before = state.uploader()
    except NoUploader:
        return True
    return (before.feed, before.site) == (feed, site)


def push(state: UploadState, folder: Path, wishes: Wishes) -> Pushed:
    """Upload the folder's pair and follow it to its end.

    Raises NoUploader, what `pair_files` and `upload_client` raise, FilesFaulty, UploadBroken, UploadUnheard.
    """
    enrolment, settings = state.uploader(), state.settings()
    pair = read_when_whole(folder, wishes.wait)
    checked = check(pair.data, folder)
    for line in check_lines(checked):
        wishes.say(line)
    if checked.errors and not wishes.anyway:
        raise FilesFaulty(said_of_check(checked))
    with UploadFeed(enrolment.feed, enrolment.site, enrolment.token, settings) as feed:
        upload, versions = _send(feed, pair.data, wishes)
        state.save_uploaded(pair.look.as_record())
        wishes.say(f"Uploaded to {enrolment.site} ({upload}). Waiting for its import.")
        outcome = _follow(feed, upload, versions, wishes)
    return Pushed(upload, checked, outcome, pair)


def _send(feed: UploadFeed, data: Mapping[str, bytes], wishes: Wishes) -> tuple[str, dict[str, str]]:
    """Both files into the inbox; the upload's id, and the version of each. UploadBroken after the last try."""
    last: FeedError | None = None
    versions: dict[str, str] = {}
    for pause in (0.0, *TRIES_AFTER):
        if pause:
            wishes.wait(max(pause, last.retry_after or 0.0) if isinstance(last, FeedFailed) else pause)
        try:
            links = feed.ask(data)
            for name in sorted(data.keys() - versions.keys(), key=lambda name: -len(data[name])):
                versions[name] = feed.put(links.of_file[name], data[name], wishes.progress)
        except FeedError as problem:
            last = problem
            continue
        return links.upload, versions
    raise UploadBroken(_why(last), last.retry_after if isinstance(last, FeedFailed) else None) from last


def _follow(feed: UploadFeed, upload: str, versions: Mapping[str, str], wishes: Wishes) -> Outcome:
    """Ask until the outcome is known, or for half an hour: then the last that was heard."""
    heard: Outcome | None = None
    waited, last = 0.0, None
    while waited < ASK_FOR:
        wishes.wait(ASK_EVERY)
        waited += ASK_EVERY
        try:
            heard = feed.outcome(upload, versions)
        except FeedError as problem:
            last = problem
            continue
        if heard.has_ended:
            return heard
    if heard is None:
        raise UploadUnheard(_why(last)) from last
    return heard


def _why(problem: AgentError | None) -> str:
    """What happened, without the advice, which is that of a pull."""
    return str(problem).partition(". ")[0] if problem else ""
