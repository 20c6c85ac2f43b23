"""What a page is asked with, and which part of a long list it shows.

In: a JSON object that anybody may have written; a list. Out: `Asked`, whose texts can be looked for and leave room on a
page; a part of the list. Nothing is refused: what is not a text or a number counts as not said.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")

#: The names by which the overview is sorted.
SORTS = ("status", "site", "last_import", "version", "groups")

#: How many of a site's imports are shown where nobody says how many, and at most.
IMPORTS_SHOWN = 20
MOST_IMPORTS = 100

# Longer than any name or id, and short enough to stand on a page several times.
_LONGEST_TEXT = 1000


@dataclass(frozen=True)
class Asked:
    """A view, what it is about, and which part of it; "" and the first page for what was not said.

    `imports` is how many imports of a site are shown. `whole`: not a page of a list, but as much of it as one answer
    takes, from the entry with the key `start` on.
    """

    view: str
    site: str = ""
    import_id: str = ""
    name: str = ""
    search: str = ""
    sort: str = SORTS[0]
    status: str = ""
    page: int = 1
    imports: int = IMPORTS_SHOWN
    whole: bool = False
    start: str = ""

    @classmethod
    def read(cls, said: Mapping[str, object]) -> Asked:
        """What a JSON object asks for."""
        sort = _text(said, "sort")
        return cls(
            view=_text(said, "view") or "overview",
            site=_text(said, "site"),
            import_id=_text(said, "import"),
            name=_text(said, "name"),
            search=_text(said, "search").strip(),
            sort=sort if sort in SORTS else SORTS[0],
            status=_text(said, "status"),
            page=max(_number(said, "page", 1), 1),
            imports=min(max(_number(said, "limit", IMPORTS_SHOWN), 1), MOST_IMPORTS),
            whole=said.get("whole") is True,
            start=_text(said, "start"),
        )


def _text(said: Mapping[str, object], name: str) -> str:
    value = said.get(name)
    return encodable(value)[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _number(said: Mapping[str, object], name: str, default: int) -> int:
    value = said.get(name)
    return value if isinstance(value, int) else default


def encodable(text: str) -> str:
    """A text that can be looked for: JSON can hold half a character, which no UTF-8 can."""
    return text.encode(errors="replace").decode()


def page_of(items: Sequence[Item], page: int, size: int) -> tuple[int, int, list[Item]]:
    """The page that is asked for, or the nearest there is; how many there are; and what stands on it."""
    pages = max(1, -(-len(items) // size))
    number = min(max(page, 1), pages)
    return number, pages, list(items[(number - 1) * size : number * size])


def portion(
    items: Sequence[Item], start: str, room: int, *, key: Callable[[Item], str], data: Callable[[Item], object]
) -> tuple[list[Item], str]:
    """The items from the key `start` on whose data fit into `room` bytes of JSON, and the key to go on from.

    Items come sorted by `key`. At least one is taken, so that whoever goes on comes to the end; "" is the end.
    """
    taken: list[Item] = []
    for item in items:
        if key(item) < start:
            continue
        room -= size_of(data(item))
        if taken and room < 0:
            return taken, key(item)
        taken.append(item)
    return taken, ""


def size_of(data: object) -> int:
    """How many bytes data take in a JSON answer, with what stands between them and the next."""
    return len(json.dumps(data)) + len(", ")
