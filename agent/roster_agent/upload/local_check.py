"""What an import would say of a pair, by the very code that imports, before anything leaves this machine.

Comes in: the bytes of both files, and the folder, whose settings.json is used if there is one. Goes out: `Checked`,
without a username or a class. Nothing is refused: whoever asks decides what to do about errors.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from roster.limits import too_large
from roster.notices import SETTINGS, Notices
from roster.plan import plan_import, refuse
from roster.settings import Settings
from roster.settings_file import read_settings
from roster_agent.upload.finding_words import Found
from roster_agent.upload.upload_failures import FilesUnreadable


@dataclass(frozen=True)
class Checked:
    """What was counted, and the findings by code. `refused`: a file of the pair would be refused as a whole."""

    counts: dict[str, int]
    found: list[Found]
    refused: bool

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return sum(each.total for each in self.found if each.severity == "error")


def check(data: Mapping[str, bytes], folder: Path) -> Checked:
    """What an import of these files would say. Raises FilesUnreadable for settings that are none."""
    large = [notice for name, content in data.items() if (notice := too_large(name, len(content)))]
    plan = refuse(large) if large else plan_import(data, _settings(folder))
    return Checked(dict(plan.counts), _found(plan.notices), plan.outcome == "failed")


def _found(notices: Notices) -> list[Found]:
    rows: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    severities: dict[str, str] = {}
    for notice in notices.listed():
        severities[notice.code] = notice.severity
        if notice.row:
            rows[notice.code].append((notice.file or "", notice.row))
    return [
        Found(code, severities[code], total, tuple(rows[code][:20]))
        for code, total in notices.totals.items()
        if code in severities
    ]


def _settings(folder: Path) -> Settings:
    try:
        settings, problems = read_settings((folder / SETTINGS).read_bytes())
    except FileNotFoundError:
        return Settings()
    except OSError as problem:
        raise FilesUnreadable(f"{SETTINGS} ({problem.strerror or type(problem).__name__})") from problem
    if settings is None:
        raise FilesUnreadable(f"{SETTINGS} beside them has {len(problems)} errors: roster check lists them")
    return settings
