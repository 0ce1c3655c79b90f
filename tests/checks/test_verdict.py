"""How the measures of a commitment decide about it."""

from __future__ import annotations

import pytest

from checks.errors import UsageError
from checks.verdict import MeasureVerdict, commitment_verdict

# Verdicts of the measures in one closed period -> the commitment's verdict <- who decided.
CLOSED = """
kept                                  -> kept         <- m1
kept kept                             -> kept         <- m1 m2
kept missed kept missed               -> missed       <- m2 m4
missed cannot_judge too_few           -> missed       <- m1
missed in_progress                    -> missed       <- m1
kept cannot_judge too_few             -> cannot_judge <- m2
cannot_judge in_progress              -> cannot_judge <- m1
kept too_few kept                     -> too_few      <- m2
too_few in_progress                   -> too_few      <- m1
kept in_progress                      -> in_progress  <- m2
kept no_target                        -> kept         <- m1
no_target no_target                   -> no_target    <-
"""


def row(number: int, verdict: str, period_open: bool = False, has_target: bool = True) -> MeasureVerdict:
    return MeasureVerdict(f"m{number}", verdict, has_target=has_target, period_open=period_open)


@pytest.mark.parametrize("line", CLOSED.strip().splitlines())
def test_closed_period(line: str) -> None:
    words, _, answer = line.partition("->")
    verdict, _, deciding = answer.partition("<-")
    rows = [row(number, word) for number, word in enumerate(words.split(), start=1)]
    assert commitment_verdict(rows) == (verdict.strip(), tuple(deciding.split()))


def test_an_open_period_comes_before_everything() -> None:
    rows = [row(1, "cannot_judge", period_open=True), row(2, "in_progress", period_open=True)]
    assert commitment_verdict(rows) == ("in_progress", ("m1", "m2"))


def test_measures_without_target_do_not_count_whatever_their_verdict() -> None:
    ignored = [row(1, "cannot_judge", has_target=False), row(2, "in_progress", True, has_target=False)]
    assert commitment_verdict([*ignored, row(3, "kept")]) == ("kept", ("m3",))
    assert commitment_verdict(ignored) == ("no_target", ())


def test_no_measures_at_all() -> None:
    assert commitment_verdict([]) == ("no_target", ())


def test_rows_may_come_from_a_generator() -> None:
    assert commitment_verdict(row(n, "kept") for n in (1, 2)) == ("kept", ("m1", "m2"))


@pytest.mark.parametrize("word", ["", "unknown", "KEPT", "empty"])
def test_what_is_no_verdict_never_passes_for_kept(word: str) -> None:
    with pytest.raises(UsageError, match="verdict of m2"):
        commitment_verdict([row(1, "kept"), row(2, word)])
