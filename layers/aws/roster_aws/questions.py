"""What people ask of a site without changing it: the reading half of `manage_site`.

In: a site and a request. Out: what was asked for, as JSON takes it. Refused, with `Refused`: bad input, and what there
is not. Questions: `imports`, `report`, `version`, `servers`, `console`, `group`, `user`, and `page`, a page's data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from roster.encode import Manifest
from roster.model import Entry, Group
from roster.names import fold
from roster.pair import is_import
from roster.site_head import Head
from roster_aws.asked import encodable
from roster_aws.gathering import resembled
from roster_aws.looking import Looking, right_data
from roster_aws.projection import Projection
from roster_aws.results import Results
from roster_aws.store import Store

_MOST_IMPORTS = 100

WHY_NOT = {
    "import_unknown": "there is no such import; `imports` lists them",
    "not_held": "this import is not held, or not any more",
    "plan_differs": "this is not the plan that was shown; look at the import again",
    "head_moved": "another version was published since; upload the pair again",
    "hold_expired": "the hold is more than 72 hours old; upload the pair again",
}

Asked = dict[str, Any]


class Refused(ValueError):
    """The request is not one that can be carried out; the text says what to do."""


@dataclass(frozen=True)
class Questions:
    """Answers them."""

    store: Store
    results: Results
    projection: Projection
    looking: Looking

    @property
    def actions(self) -> dict[str, Callable[[str, Asked], Asked]]:
        """The questions by name; each takes the site and the request."""
        return {
            "imports": self._imports,
            "report": self._report,
            "version": self._version,
            "servers": self._servers,
            "console": self._console,
            "group": self._group,
            "user": self._user,
            "page": self._page,
        }

    def _imports(self, site: str, asked: Asked) -> Asked:
        """The newest imports, at most `limit`; with `before`, the newest before the import of that id."""
        limit = asked.get("limit", 20)
        if type(limit) is not int or not 0 < limit <= _MOST_IMPORTS:
            raise Refused(f"limit: a whole number from 1 to {_MOST_IMPORTS}")
        before = text(asked, "before") if "before" in asked else ""
        if before and not is_import(before):
            raise Refused("before: the id of an import")
        head = self.store.head(site)
        by_settings = bool(head.settings.get("paused"))
        return {
            "version": head.version,
            "published_at": head.published_at or None,
            "paused": head.paused or by_settings,
            "paused_by_settings": by_settings,
            "added": bool(head.added_at),
            "held": head.held or None,
            "waiting": self.store.waiting(site),
            "imports": [report.as_dict() for report in self.store.reports(site, limit, before)],
        }

    def _report(self, site: str, asked: Asked) -> Asked:
        report = self.store.report(site, import_of(asked))
        if report is None:
            raise Refused(WHY_NOT["import_unknown"])
        return {"report": report.as_dict()}

    def _version(self, site: str, asked: Asked) -> Asked:
        """What a version consists of, with a link to its snapshot, and the settings in force; `version` 0: the head.

        With `import`, the version that this held import would publish.
        """
        head = self.store.head(site)
        number = asked.get("version", 0) or head.version
        if number and not head.version:
            raise Refused("nothing is published yet")
        if type(number) is not int or not 0 <= number <= head.version:
            raise Refused(f"version: a whole number from 1 to {head.version}")
        known = {"settings": head.settings, **self._known(head)}
        if not number and "import" not in asked:
            return {"version": 0, **known}
        manifest = self._held(site, asked) if "import" in asked else self.results.published(site, number)
        if manifest is None:
            raise Refused(f"version {number} is kept no longer")
        return {**self._linked(manifest), **known}

    def _linked(self, manifest: Manifest) -> Asked:
        """What a version consists of, with a link to its snapshot."""
        link = self.results.link(manifest.site, manifest.snapshot.sha256)
        about = {"version": manifest.version, "counts": manifest.counts}
        return {**about, "snapshot": manifest.snapshot._asdict(), "link": link}

    def _known(self, head: Head) -> Asked:
        """What the next import knows besides its pair, so that a preview knows it too."""
        step = head.counted_from(self.looking.clock())
        earlier = self.results.kept_manifest(head.site, step.manifest_sha256) if step else None
        return {
            "memory_link": self.results.link(head.site, head.memory_sha256) if head.memory_sha256 else None,
            "school_year": head.school_year,
            "site_new": resembled(head, self.looking.fleet),
            "earlier": self._linked(earlier) if earlier else None,
        }

    def _held(self, site: str, asked: Asked) -> Manifest:
        report = self.store.report(site, import_of(asked))
        if report is None or report.plan is None:
            raise Refused(WHY_NOT["not_held"])
        return self.results.manifest(site, report.plan["manifest_sha256"])

    def _servers(self, site: str, asked: Asked) -> Asked:
        head = self.store.head(site)
        about = {"version": head.version, "epoch": head.epoch, "manifest_sha256": head.manifest_sha256}
        return {**about, "published_at": head.published_at or None, "servers": self.looking.servers(head)}

    def _console(self, site: str, asked: Asked) -> Asked:
        """A sixteenth of the console access list: that of partition `part`, 0 to 15. An answer has its limit."""
        found = self.projection.entries_in(site, _part(asked), "RIGHT#")
        return {"rights": [_described(right) for right in found]}

    def _group(self, site: str, asked: Asked) -> Asked:
        found = self.projection.entry(site, "group", fold(text(asked, "name")))
        return {"group": _described(found) if found else None}

    def _user(self, site: str, asked: Asked) -> Asked:
        """A user's console access, and the groups among those of partition `part` that the user is a member of."""
        key = fold(text(asked, "name"))
        right = self.projection.entry(site, "right", key)
        member_of = [
            group.name
            for group in self.projection.entries_in(site, _part(asked), "GROUP#")
            if isinstance(group, Group) and any(fold(member) == key for member in group.members)
        ]
        return {"console": _described(right) if right else None, "member_of": member_of}

    def _page(self, site: str, asked: Asked) -> Asked:
        data = self.looking.page(asked)
        if data["view"] == "problem":
            raise Refused(data["message"])
        return {"page": data}


def text(asked: Asked, name: str) -> str:
    """A text of a request that must not be empty."""
    value = asked.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(f"{name}: a text that is not empty")
    return encodable(value)


def import_of(asked: Asked) -> str:
    """The import that a request names."""
    value = text(asked, "import")
    if not is_import(value):
        raise Refused(WHY_NOT["import_unknown"])
    return value


def _part(asked: Asked) -> str:
    """The partition that a request names, by its digit."""
    part = asked.get("part", 0)
    if type(part) is not int or not 0 <= part < 16:
        raise Refused("part: a whole number from 0 to 15")
    return f"{part:x}"


def _described(entry: Entry) -> Asked:
    if isinstance(entry, Group):
        return {"name": entry.name, "members": list(entry.members)}
    return right_data(entry)
