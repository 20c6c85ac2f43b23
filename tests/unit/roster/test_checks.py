"""Checks: each is judged once what it needs is fine, and skipped, with the reason, where it is not."""

import pytest

from roster.checks import Check, Judged, Result, failed, ok, run, skipped, warning


def explain(error: Exception) -> Judged | None:
    return failed(f"broken: {error}", "repair it") if isinstance(error, LookupError) else None


def check(code: str, judged: Judged, *needs: str, advice: str = "") -> Check[list[str]]:
    def judge(looked_at: list[str]) -> Judged:
        looked_at.append(code)
        return judged

    return Check(code, code.title(), judge, needs, advice)


def verdicts(*checks: Check[list[str]]) -> dict[str, str]:
    return {result.code: result.verdict for result in run(checks, [], explain)}


def test_should_judge_every_check_in_the_order_given() -> None:
    looked_at: list[str] = []
    results = list(run([check("b", ok("well")), check("a", warning("odd", "look"), "b")], looked_at, explain))
    assert results == [Result("b", "B", "ok", "well"), Result("a", "A", "warning", "odd", "look")]
    assert looked_at == ["b", "a"]


def test_should_judge_a_check_that_needs_what_deserves_a_look() -> None:
    assert verdicts(check("a", warning("odd")), check("b", ok("well"), "a")) == {"a": "warning", "b": "ok"}


@pytest.mark.parametrize("unmet", [failed("gone"), skipped("nothing there")])
def test_should_not_look_where_what_it_needs_is_not_fine(unmet: Judged) -> None:
    looked_at: list[str] = []
    results = list(run([check("a", unmet), check("b", ok("well"), "a")], looked_at, explain))
    assert looked_at == ["a"]
    assert (results[1].verdict, results[1].because) == ("skipped", ("a",))


def test_should_say_the_first_cause_and_not_what_was_skipped_for_it() -> None:
    checks = [
        check("a", failed("gone")),
        check("b", failed("broken")),
        check("c", ok(""), "a"),
        check("d", ok(""), "c", "a", "b"),
    ]
    *_, last = run(checks, [], explain)
    assert last == Result("d", "D", "skipped", "not looked at, because A failed and B failed", "", ("a", "b"))


def test_should_say_of_what_had_nothing_to_look_at_that_it_was_skipped() -> None:
    *_, last = run([check("a", skipped("none yet")), check("b", ok(""), "a")], [], explain)
    assert last.found == "not looked at, because A was skipped"


@pytest.mark.parametrize(
    ("judged", "advice"),
    [
        (failed("x"), "the check's"),
        (warning("x"), "the check's"),
        (failed("x", "its own"), "its own"),
        (ok("x"), ""),
        (skipped("x"), ""),
    ],
)
def test_should_give_the_advice_of_the_check_where_there_is_none_of_the_case(judged: Judged, advice: str) -> None:
    (result,) = run([check("a", judged, advice="the check's")], [], explain)
    assert result.advice == advice


def test_should_take_an_error_for_what_it_is_explained_to_be() -> None:
    def judge(_: None) -> Judged:
        raise LookupError("no such key")

    (result,) = run([Check("a", "A", judge)], None, explain)
    assert result == Result("a", "A", "failed", "broken: no such key", "repair it")


def test_should_raise_an_error_that_nobody_explains() -> None:
    def judge(_: None) -> Judged:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(run([Check("a", "A", judge)], None, explain))


def test_should_give_each_result_before_the_next_look() -> None:
    looked_at: list[str] = []
    results = run([check("a", ok("")), check("b", ok(""))], looked_at, explain)
    next(results)
    assert looked_at == ["a"]


def test_should_refuse_a_check_that_needs_what_does_not_come_before_it() -> None:
    with pytest.raises(ValueError, match="b needs a"):
        verdicts(check("b", ok(""), "a"), check("a", ok("")))


def test_should_refuse_a_code_that_is_there_twice() -> None:
    with pytest.raises(ValueError, match="a is there twice"):
        verdicts(check("a", ok("")), check("a", ok("")))
