"""What a pull would do, without doing it: nothing is written, noted, dropped or reported.

Comes in: a state folder, and how much to list. Goes out: how many groups, memberships and rights would come, change and
go, and which (`roster.difference`); which files would be written; whether the version would be held. Refused: what a
pull refuses before it changes anything. The answer names groups and users, for the person who asked.
"""

import contextlib
import hashlib
from pathlib import Path
from typing import Any

from roster.difference import LISTED, NAMED, of_versions
from roster_agent.disk.csvimport_folder import Folder
from roster_agent.disk.mirror import Mirror
from roster_agent.disk.state import State
from roster_agent.failures import FolderUnusable, MirrorBroken
from roster_agent.net.feed_client import Feed
from roster_agent.net.feed_failures import NothingPublished
from roster_agent.net.transport import Progress
from roster_agent.trust import guard, rules
from roster_agent.update import fetch
from roster_agent.version import Version


def preview(
    state: State, progress: Progress | None = None, limit: int | None = LISTED, names: int | None = NAMED
) -> dict[str, Any]:
    """What would change, in the shape that ``--json`` prints; `limit` and `names` as in `roster.difference`."""
    enrolment, settings = state.enrolment(), state.settings()
    with state.locked():
        current, seen = _current(state, enrolment.site), state.seen()
        found = None
        held = False
        with Feed(enrolment.feed, enrolment.site, enrolment.token, settings) as feed:
            source = fetch.Online(feed)
            with contextlib.suppress(NothingPublished):
                have = rules.head_of(current) if current else None
                offer, _ = fetch.offered(source, have, seen, state.keyring())
                found = fetch.version(source, offer, current, progress)[0] if offer and offer.head != have else None
            if found:
                manifest = found.manifest
                held = bool(
                    guard.judge(
                        settings.limits,
                        state.hold(),
                        current,
                        seen,
                        found,
                        lambda: fetch.approved(source, manifest, current),
                    )
                )
    coming = found or current
    told = of_versions(current.lines if current and found else [], found.lines if found else [], limit, names)
    loss = guard.loss_by(current, seen, found) if found else None
    return {
        "version": coming.manifest.version if coming else None,
        "from": current.manifest.version if current else None,
        "changes": told.changes,
        "difference": told.as_dict(),
        "files": _files(Folder(Path(enrolment.folder)), coming) if coming else [],
        "memberships_gone": loss.gone if loss else 0,
        "held": held,
    }


def _current(state: State, site: str) -> Version | None:
    """The current version; a mirror that a pull would drop counts as none."""
    with contextlib.suppress(MirrorBroken):
        if state.has_mirror():
            with Mirror(state.mirror) as mirror:
                current = mirror.version()
            return current if current and current.manifest.site == site else None
    return None


def _files(folder: Folder, version: Version) -> list[str]:
    """The files whose bytes in the folder differ."""
    files = version.files()
    try:
        found = folder.digests(files)
    except FolderUnusable:
        found = {}
    return [name for name, data in files.items() if found.get(name) != hashlib.sha256(data).hexdigest()]
