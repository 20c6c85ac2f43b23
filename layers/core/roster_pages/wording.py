"""What people are told, in words: of a status, a reason, a guard, a finding, a change. Pages and terminal share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from roster.notices import FILES, catalogue
from roster.report import Report
from roster_pages.moments import day, short
from roster_pages.page_model import Tone, harmless, number

# A status in words, and what its colour means; "bad" asks for somebody to act.
STATUSES: dict[str, tuple[str, Tone]] = {
    "new": ("No import yet", "quiet"),
    "ok": ("OK", "good"),
    "ok_with_warnings": ("OK, with warnings", "warn"),
    "no_change": ("No change", "good"),
    "waiting": ("Waiting", "busy"),
    "fetching": ("Fetching…", "busy"),
    "failed": ("Failed", "bad"),
    "held": ("Held", "warn"),
    "rejected": ("Rejected", "quiet"),
    "superseded": ("Superseded", "quiet"),
}
STATUS_MEANS = {
    "ok": "Imported; every row counted.",
    "ok_with_warnings": "Imported; some rows need a look.",
    "no_change": "The files say the same as what is published already.",
    "waiting": "An import cannot begin yet: something is missing.",
    "fetching": "An import is running.",
    "failed": "Nothing was changed; what was published before stays in force.",
    "held": "Nothing was changed yet: somebody has to look at this import first.",
    "rejected": "Somebody rejected this held import; nothing was changed.",
    "superseded": "A newer import replaced this held one; nothing was changed.",
}

# The order in which findings are listed, and how each severity looks.
SEVERITIES: dict[str, Tone] = {"error": "bad", "warning": "warn", "info": "quiet"}

# What every notice says happened and what to do, by its code.
ADVICE = {notice.code: " ".join((notice.__doc__ or "").split()) for notice in catalogue()}

# What changes are counted of, and its words: of a group's members each is counted, so somebody in two groups twice.
CHANGED = {"groups": "groups", "members": "memberships", "rights": "rights"}

# Why an import is held, about people: of Reason's fields. `{since}` is for limits that several imports pass together.
GUARDS = {
    "site_new": "nobody has added this site",
    "students_as_teachers": "{number} of {of} teachers would newly get the console and are pupils{since}: "
    "the files may be swapped",
    "teachers_outnumber_students": "{number} teachers and only {of} pupils: the files may be swapped",
    "file_has_no_rows": "none of its rows could be used",
    "rows_rejected": "{number} of {of} rows are rejected",
    "rows_repeated": "{number} of {of} rows say what another row says: different people may have become one",
    "file_may_be_cut": "it may have been cut off: its last line stops in the middle, or its last class has lost most "
    "of its members",
    "removals_unclear": "{number} {facts} would go, and unreadable rows may stand for {of} of them{rows}: "
    "nobody can tell which",
    "memberships_removed": "{number} of {of} memberships would go{since}",
    "teachers_removed": "{number} of {of} teachers would lose console access{since}",
    "groups_removed": "{number} of {of} groups would go{since}",
    "half_removed": "{number} of {of} {what}, more than half, would go{since}",
    "group_shrank": "{number} of {of} groups would lose more than half of their members",
    "teachers_added": "{number} teachers would be added to {of}{since}",
    "rights_changed": "{number} of the {of} teachers who stay would lose most of their classes, or see more than twice "
    "as many{since}: a column may have been shifted, or sorted by itself",
    "access_added": "teachers would see {number} more classes than the {of} they see now{since}",
    "memberships_added": "{number} memberships would be added to {of}{since}",
    "classes_unmatched": "{number} of the teachers' {of} classes have no students: students.csv may be an old one",
    "review": "the settings ask for a person to look at every change",
}
_ALL_GROUPS_ADDED = "{number} of {of} teachers would newly see all groups{since}"
_EITHER = ". Pupils of this pair are teachers now: either pair may be the swapped one"

REASONS = {
    "file_name_unexpected": "An import reads teachers.csv and students.csv, spelled exactly so, in the site's folder.",
    "source_not_set": "The site has no credentials for an API: roster-admin source SITE asks for them.",
    "source_not_https": "The API's address is not one of HTTPS: roster-admin source SITE asks for another one.",
    "source_unreachable": "The API cannot be reached: look whether its address is right and whether it is up.",
    "source_refused": "The API refuses the credentials: ask its provider, then run roster-admin source SITE.",
    "source_not_found": "The API has nothing at this address: look at it in roster-admin source SITE.",
    "source_busy": "The API was busy for too long: the next fetch tries again.",
    "source_too_slow": "The API took too long to answer: the next fetch tries again.",
    "source_too_large": "The API answers with more than a fetch reads: ask its provider for smaller pages.",
    "source_redirects": "The API sends elsewhere: look whether its address is the newest one.",
    "source_no_api": "What answers at the API's address is no such API, perhaps a sign-in page: look at the address.",
    "source_incomplete": "The API gave fewer records than it has, so none was taken: the next fetch tries again.",
    "source_empty": "The API gave none where there must be some, so nothing was taken: look what it shares with us.",
    "source_changed": "The roster changed while it was read, so none was taken: the next fetch tries again.",
    "source_not_chosen": "The setting import_from says that another source counts, so this file is not read.",
    "settings_invalid": "The file has errors; the last good settings stay in force.",
    "not_held": "This import is not held, or no longer held.",
    "plan_differs": "This is not the plan that was shown: look at the import again.",
    "head_moved": "Another version was published since: upload the pair again.",
    "hold_expired": "The hold is more than 72 hours old: upload the pair again.",
    "order_too_old": "More than an hour passed before it could be done, so it was not done: ask for it again.",
    "import_killed": "Two runs ran out of time or memory before the import was finished: the files may be too large. "
    "Check them, or ask for the import again.",
    "uploads_gone": "The files in force are no longer kept: upload the pair again.",
    "uploads_rejected": "These uploads were rejected, or undone by going back: upload the pair again, corrected.",
    "nothing_kept": "There is nothing to settle: no bad row puts off a removal.",
    "import_unknown": "There is no such import: `roster-admin imports` lists them.",
    "version_unknown": "There is no such older version, or it is no longer kept.",
    "inbox_empty": "There is no file in the site's folder of the inbox: upload teachers.csv and students.csv.",
    "site_erased": "The site was erased, so what is uploaded to it is not imported. It lies in the inbox.",
    "console_revoked": "Somebody took a person's console access away at once.",
    "console_revoked_since": "It would give somebody the console from whom it was taken since: look at the new plan.",
    "rolled_back": "Somebody went back to an older version.",
    "new_epoch": "Somebody began a new epoch, above every version that servers may have.",
    "version_below": "The cloud has a newer version than the one named: name the highest that any server has.",
}

# Of the rows that a sentence names.
_ROWS_NAMED = 5


def status_words(status: str) -> str:
    """A status as people read it."""
    return STATUSES[status][0] if status in STATUSES else harmless(status.replace("_", " ").capitalize())


def status_tone(status: str) -> Tone:
    """What the colour of a status means."""
    return STATUSES[status][1] if status in STATUSES else "quiet"


def reason_text(report: Report) -> str:
    """Why a report has its status, in words where there are any; "" where it names no reason."""
    if not report.reason:
        return ""
    reason = harmless(report.reason)
    words = REASONS.get(reason) or ADVICE.get(reason)
    where = report.file or report.place
    place = f" ({harmless(where)})" if where else ""
    return f"{reason}{place}: {words}" if words else f"{reason}{place}"


#: What each source is called, by the setting `import_from`: the words of the Import from menu.
SOURCE_NAMES = {
    "csv": "CSV: teachers.csv and students.csv",
    "oneroster": "OneRoster or School Data Sync: oneroster.zip",
    "clever": "Clever: clever.zip",
}


def held_text(reason: Mapping[str, Any]) -> str:
    """Why a guard holds an import, about people. `reason` has the fields of `roster.guard.Reason`, some perhaps not."""
    code, what = reason["code"], harmless(reason.get("what") or "")
    words = _ALL_GROUPS_ADDED if code == "access_added" and what == "all groups" else GUARDS.get(code)
    said = harmless(code)
    if words:
        since = reason.get("since")
        said = words.format(
            number=number(reason.get("number", 0)),
            of=number(reason.get("of", 0)),
            what=what or "facts",
            # Of a bundle it is the file with the enrolments, with what is meant in brackets.
            facts="classes of teachers" if "teachers" in (reason.get("file") or "") else "memberships",
            rows=_rows_named(reason.get("rows") or ()),
            since=f" since version {number(int(since))} (7 days)" if since else "",
        )
    if code == "students_as_teachers" and what:
        said += _EITHER
    if reason.get("like"):
        said += f". Did you mean {harmless(reason['like'])}?"
    if reason.get("ended"):
        terms = [harmless(term) for term in reason["ended"]]
        said += f". {'The term' if len(terms) == 1 else 'Terms'} {', '.join(terms)} ended since the import before"
    return f"{harmless(reason['file'])}: {said}" if reason.get("file") else said


def _rows_named(rows: Sequence[Any]) -> str:
    """The rows that are meant, in brackets."""
    if not rows:
        return ""
    shown = ", ".join(str(int(row)) for row in rows[:_ROWS_NAMED])
    more = ", …" if len(rows) > _ROWS_NAMED else ""
    return f" ({'row' if len(rows) == 1 else 'rows'} {shown}{more})"


def people_text(people: Mapping[str, Any]) -> str:
    """Who stays, comes and goes: of the fields of `roster.plan.People`."""
    teachers, pupils = (
        f"{several(people.get(f'{who}s_stay', 0), who)} {'stays' if people.get(f'{who}s_stay') == 1 else 'stay'}, "
        f"{_come(people.get(f'{who}s_come', 0))}, {_go(people.get(f'{who}s_go', 0))}"
        for who in ("teacher", "pupil")
    )
    new_year = " It looks like a new school year." if people.get("new_school_year") else ""
    return f"{teachers}; {pupils}.{new_year}"


def _come(many: int) -> str:
    return f"{number(many)} {'comes' if many == 1 else 'come'}"


def _go(many: int) -> str:
    return f"{number(many)} {'goes' if many == 1 else 'go'}"


def rows_text(counts: Mapping[str, int]) -> str:
    """How many rows were read."""
    return f"{number(counts.get('rows_read', 0))} read, {number(counts.get('rows_rejected', 0))} rejected"


def roster_text(counts: Mapping[str, int]) -> str:
    """How large a roster is."""
    groups, members, memberships, teachers = (
        several(counts.get(f"{noun}s", 0), noun) for noun in ("group", "member", "membership", "teacher")
    )
    return f"{groups}, {members} ({memberships}), {teachers}"


def put_off_texts(left: int, rows: Sequence[Mapping[str, Any]], until: str | None) -> list[str]:
    """How many removals bad rows put off, because of which rows and until when; `rows` have fields of `KeptRow`."""
    said = []
    for each in rows:
        facts = int(each.get("facts", 0))
        left -= facts
        row = f", because of row {int(each['row'])} of {harmless(each.get('file'))}" if each.get("row") else ""
        said.append(f"{_not_made(facts)}{row}{_until(each.get('until'))}.")
    if left > 0 and said:
        said.append(f"{number(left)} more were not made{_until(until)}.")
    elif left > 0:
        why = "" if until else ": a rejected row, or the setting “removals”, keeps what they would remove"
        said.append(f"{_not_made(left)}{_until(until)}{why}.")
    return said


def kept_texts(report: Report) -> list[str]:
    """What bad rows keep from going, because of which rows and until when; and what they kept until now."""
    said = put_off_texts(report.kept or 0, report.kept_rows or (), report.kept_until)
    if report.not_removed:
        said.append(f"{_not_made(report.not_removed)}, as the setting “removals” keeps all that stands.")
    if report.kept_ended:
        was = "was" if report.kept_ended == 1 else "were"
        said.append(f"{several(report.kept_ended, 'removal')} that a bad row had put off {was} made.")
    return said


def _not_made(facts: int) -> str:
    return f"{several(facts, 'removal')} {'was' if facts == 1 else 'were'} not made"


def _until(iso: object) -> str:
    return f", until {day(iso)}" if iso else ""


def waiting_texts(waiting: Mapping[str, Any]) -> tuple[str, str]:
    """What waits for what since when, and what happens then: of {file, missing, since, until}, or of a fetch."""
    if waiting.get("fetching"):
        came = several(int(waiting.get("records") or 0), "record")
        return f"Fetching from the API since {short(waiting.get('since'))}.", f"{came} so far. Then it is imported."
    file, missing = harmless(waiting.get("file", "a file")), harmless(waiting["missing"])
    since, until = short(waiting.get("since")), short(waiting.get("until"))
    if file == missing:  # some programs write an empty file first, and its content a moment later
        line = f"If none comes, it is refused as empty at {until}." if until else "Upload the whole file."
        return f"{file} is empty, and has waited for its content since {since}.", line
    line = f"Upload {missing} to import both."
    if until:
        line = f"Without it, {file} is imported at {until} with the last {missing} that took effect."
    return f"{file} has waited for {missing} since {since}.", line


def like_text(like: object) -> str:
    """Which name may be meant instead of another."""
    return f"did you mean {harmless(like)}?" if like else ""


def changes_text(changes: Mapping[str, int]) -> str:
    """What an import changes, in numbers."""
    said = []
    for what, words in CHANGED.items():
        verbs = [
            f"{number(changes[key])} {verb}"
            for verb in ("created", "changed", "removed")
            if changes.get(key := f"{what}_{verb}")
        ]
        if verbs:
            said.append(f"{words} {', '.join(verbs)}")
    return "; ".join(said) or "none"


def asking_text(asking: int, servers: int) -> str:
    """Who is asked again about what is approved; "" for a site without servers."""
    if not asking:
        return "Its servers then receive it, and ask nobody again." if servers else ""
    ask = "asks" if asking == 1 else "ask"
    return (
        f"{number(asking)} of {several(servers, 'server')} {ask} again if many memberships go: somebody has to run "
        "roster-agent approve there."
    )


def no_site_text(site: str, like: str) -> str:
    """That there is no site of this name, which one may have been meant, and how to make it one."""
    meant = f" Did you mean {like}? If not," if like else " If it is meant,"
    return f"There is no site {site}.{meant} `roster-admin site add {site}` makes it one."


def erased_text(site: str) -> str:
    """That a site was erased, and how to make it one again."""
    return f"This site was erased: `roster-admin site add {site}` makes it a site again."


def sentence(text: str) -> str:
    """Why something is held, as a sentence of its own; the name of a file stays as it is."""
    said = text if text.startswith(FILES) else f"{text[:1].upper()}{text[1:]}"
    return said if said.endswith("?") else f"{said}."


def several(many: int, noun: str) -> str:
    """A number and what is counted: 1 group, 2 groups."""
    return f"{number(many)} {noun}" if many == 1 else f"{number(many)} {noun}s"
