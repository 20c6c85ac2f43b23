"""The class name of each section: by its title, told apart where several have the same, and kept once it is given.

In: sections, the settings' template and choices, and the names that were given before. Out: a name for each section,
no two alike. Refused: nothing; a section without any title gets none, which is told.

Titles that several sections share would make one group of them, and show teachers pupils who are not theirs. So all of
them are told apart, by the first thing in which they differ that means something to people. What a section was called
stays its name while its title stays: a new twin renames nobody.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from roster.names import CLASS_LIMIT, clean, fold
from roster.notices import CLASS, ClassEmpty, ClassNameShared, Notice
from roster.settings import TEMPLATE_NAMES, ClassChoices
from roster.sources.export import Section

# By what sections of one title are told apart, in this order: for people first, for machines last.
_BY: Sequence[tuple[str, Callable[[Section], str]]] = (
    ("class code", lambda section: section.code),
    ("section number", lambda section: section.number),
    ("period", lambda section: section.period),
    ("school", lambda section: section.school),
    ("period and school", lambda section: _joined(section.period, section.school)),
    ("term", lambda section: section.term),
    ("period and term", lambda section: _joined(section.period, section.term)),
    ("id", lambda section: section.id),
)


_PLACE = re.compile(f"{{({'|'.join(TEMPLATE_NAMES)})}}")


class Called(NamedTuple):
    """What a section is called: its `title`, as the template and the settings make it, and its `name`."""

    title: str
    name: str


class Naming(NamedTuple):
    """The names of sections by their ids, and the ids of those that the settings leave out."""

    called: dict[str, Called]
    left_out: frozenset[str]


def name_sections(
    sections: Mapping[str, Section],
    template: str,
    choices: ClassChoices,
    before: Mapping[str, Called],
    tell: Callable[[Notice, str], None],
) -> Naming:
    """Name the sections that count; `before` are the names given before, by id. `tell` hears a finding and an id."""
    titles: dict[str, str] = {}
    left_out = set()
    for id_, section in sorted(sections.items()):
        if section.out:
            continue
        title = _rendered(template, section)
        if not title:
            tell(ClassEmpty(section.file, section.row, CLASS), id_)
        elif not choices.takes(title):
            left_out.add(id_)
        else:
            titles[id_] = choices.renamed(title)
    called = {id_: before[id_] for id_, title in titles.items() if id_ in before and before[id_].title == title}
    taken = {fold(each.name) for each in called.values()}
    alike: defaultdict[str, list[Section]] = defaultdict(list)
    for id_, title in titles.items():
        alike[fold(title)].append(sections[id_])
    for group in sorted(alike.values(), key=len):  # who is alone with a title has it, whatever others are called
        new = [section for section in group if section.id not in called]
        for section, title, name, by in _names(group, new, titles, taken) if new else ():
            called[section.id] = Called(title, name)
            if by:
                tell(ClassNameShared(section.file, section.row, CLASS, len(group), by), section.id)
    return Naming(called, frozenset(left_out))


def _names(
    group: list[Section], new: list[Section], titles: Mapping[str, str], taken: set[str]
) -> Iterator[tuple[Section, str, str, str]]:
    """Each new section of a group of one title, with its title, its name, and by what it is told apart, if it is.

    `taken` are the names, folded, that are given; those given here are added.
    """
    if len(group) == 1 and fold(titles[new[0].id]) not in taken:
        title = titles[new[0].id]
        taken.add(fold(title))
        yield new[0], title, title, ""
        return
    for by, what in _BY:
        names = [_told_apart(titles[section.id], clean(what(section))[0]) for section in new]
        keys = {fold(name) for name in names}
        if _tells_apart(what, group, new) and len(keys) == len(new) and not taken & keys:
            taken |= keys
            yield from ((section, titles[section.id], name, by) for section, name in zip(new, names, strict=True))
            return
    for section in new:  # ids that are alike but for their case, or a title that is made like another's name
        name = next(each for each in _numbered(titles[section.id], section.id) if fold(each) not in taken)
        taken.add(fold(name))
        yield section, titles[section.id], name, "id"


def _tells_apart(what: Callable[[Section], str], group: list[Section], new: list[Section]) -> bool:
    """Whether every new section has this, and no two of the group have the same."""
    values = [fold(clean(what(section))[0]) for section in group]
    return len(set(values)) == len(values) and all(what(section).strip() for section in new)


def _numbered(title: str, id_: str) -> Iterator[str]:
    number = 1
    while True:
        yield _told_apart(title, f"{clean(id_)[0]} {number}")
        number += 1


def _told_apart(title: str, by: str) -> str:
    """A title with what tells it apart, cut where the whole would be longer than a class may be."""
    mark = f" ({by})"
    if len(mark) >= CLASS_LIMIT:
        mark = f" ({by[: CLASS_LIMIT // 2]})"
    return f"{title[: CLASS_LIMIT - len(mark)].rstrip()}{mark}"


def _joined(*parts: str) -> str:
    return ", ".join(parts) if all(part.strip() for part in parts) else ""


def _rendered(template: str, section: Section) -> str:
    """The title of a section by the template; a section without a title has its course's."""
    values = {**section._asdict(), "title": section.title or section.course}
    text = _PLACE.sub(lambda place: str(values[place[1]]), template)
    # A title may span lines in such a file; a class name never does.
    return clean(" ".join(text.split()) if not text.isprintable() else text)[0]
