"""Checks as data: what is looked at, what has to be in order first, and what to do when it is not.

In: checks, in the order in which to put things right, and what they look at. Out: one `Result` for each, in that order.
A check that needs another one is judged only where that one is fine, which is ok or a warning. Else it is skipped, and
says because of which check: what cannot be judged is never guessed. Refused, with `ValueError`: a code that is there
twice, a check that needs one that does not come before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypeVar

Verdict = Literal["ok", "warning", "failed", "skipped"]
"""ok: as it should be. warning: works, and deserves a look. failed: does not work. skipped: was not judged."""

Subject = TypeVar("Subject")

_FINE = ("ok", "warning")


class Judged(NamedTuple):
    """What a look at one thing says. Without advice of its own, the check's is given."""

    verdict: Verdict
    found: str
    advice: str = ""


def ok(found: str) -> Judged:
    """It is as it should be."""
    return Judged("ok", found)


def warning(found: str, advice: str = "") -> Judged:
    """It works, and deserves a look."""
    return Judged("warning", found, advice)


def failed(found: str, advice: str = "") -> Judged:
    """It does not work."""
    return Judged("failed", found, advice)


def skipped(found: str, advice: str = "") -> Judged:
    """There is nothing to look at, or no right to look: `found` says which."""
    return Judged("skipped", found, advice)


@dataclass(frozen=True)
class Check(Generic[Subject]):
    """One thing to look at.

    `code` is what people search for and other checks name in `needs`; `name` is what is shown. `judge` looks at the
    subject. `advice` is what to do when it is not ok, where the judge does not say better.
    """

    code: str
    name: str
    judge: Callable[[Subject], Judged]
    needs: tuple[str, ...] = ()
    advice: str = ""


class Result(NamedTuple):
    """What came of a check. `because` has the codes of the checks that kept it from being judged."""

    code: str
    name: str
    verdict: Verdict
    found: str
    advice: str = ""
    because: tuple[str, ...] = ()


def run(
    checks: Sequence[Check[Subject]], subject: Subject, explain: Callable[[Exception], Judged | None]
) -> Iterator[Result]:
    """Judge each check in turn; each result comes as soon as it is known.

    `explain` says what an error that a judge raises means; where it gives None, the error is raised.
    """
    _refuse_disorder(checks)
    names = {check.code: check.name for check in checks}
    done: dict[str, Result] = {}
    for check in checks:
        unmet = [done[code] for code in check.needs if done[code].verdict not in _FINE]
        if unmet:
            # The first cause: of a check that was skipped itself, what it was skipped for.
            because = tuple(dict.fromkeys(code for need in unmet for code in need.because or (need.code,)))
            causes = " and ".join(f"{names[code]} {_became(done[code].verdict)}" for code in because)
            result = Result(check.code, check.name, "skipped", f"not looked at, because {causes}", "", because)
        else:
            judged = _judged(check, subject, explain)
            advice = judged.advice or (check.advice if judged.verdict in ("warning", "failed") else "")
            result = Result(check.code, check.name, judged.verdict, judged.found, advice)
        done[check.code] = result
        yield result


def _judged(check: Check[Subject], subject: Subject, explain: Callable[[Exception], Judged | None]) -> Judged:
    try:
        return check.judge(subject)
    except Exception as error:
        judged = explain(error)
        if judged is None:
            raise
        return judged


def _became(verdict: Verdict) -> str:
    return "was skipped" if verdict == "skipped" else "failed"


def _refuse_disorder(checks: Sequence[Check[Subject]]) -> None:
    before: set[str] = set()
    for check in checks:
        if check.code in before:
            raise ValueError(f"the check {check.code} is there twice")
        if missing := set(check.needs) - before:
            raise ValueError(
                f"the check {check.code} needs {', '.join(sorted(missing))}, which does not come before it"
            )
        before.add(check.code)
