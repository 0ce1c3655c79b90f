"""What is said of figures: never more than they say."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from connectors.site import sentences, words
from tests.connectors.site import recorded


def row(**values: Any) -> dict[str, Any]:
    """A figure as it is read from the store."""
    made = recorded.figure(**values)
    of, met, unknown = made["denominator"], made["numerator"], made["unknown"]
    return {
        "rate": met / of if of else None, "rate_low": 0.5 if of else None, "rate_high": 0.75 if of else None,
        "rate_if_unknown_missed": made["met"] / (of + unknown) if of + unknown else None, "pending": 0,
        "timed": 0, "p50_seconds": None,
        "restated": False,
    } | made  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (["kept"] * 3 + ["missed"] * 5,
         "In March Norfolk kept three of the eight promises that could be judged, and missed five."),
        (["kept"] * 10, "In March Norfolk kept 10 of the 10 promises that could be judged."),
        (["missed"], "In March Norfolk missed the one promise that could be judged."),
        (["kept"], "In March Norfolk kept the one promise that could be judged."),
        (["kept", words.CONDITIONAL], "In March Norfolk kept one of the two promises that could be judged. "
         "Whether one was kept depends on cases that could not be judged."),
        (["cannot_judge"] * 2, "None of the promises of Norfolk could be judged for March."),
        ([], "None of the promises of Norfolk could be judged for March."),
        (["no_target"], "None of the promises of Norfolk could be judged for March."),
        (["too_few", "no_target"],
         "For March it cannot be said yet, or from so few cases, whether Norfolk kept its promises."),
    ],
)  # fmt: skip
def test_the_headline_of_a_closed_period(tags: list[str], said: str) -> None:
    assert sentences.headline("Norfolk", "March", tags, True) == said


def test_the_headline_of_an_open_period_gives_no_verdict() -> None:
    assert sentences.headline("Norfolk", "May", ["in_progress"], False) == (
        "May is not over: Norfolk has no verdicts for it yet."
    )


def test_what_was_neither_kept_nor_missed_is_counted() -> None:
    tags = ["kept", "cannot_judge", "cannot_judge", "too_few", "no_target"]
    assert sentences.others(tags) == "Two cannot be judged, one had too few cases and one has no target."
    assert sentences.others(["kept"]) == ""


def test_a_rate_is_never_rounded_over_its_target() -> None:
    assert sentences.figure(row(met=899_600, of=1_000_000)) == "89.96 % of 1,000,000, target 90 %"
    assert sentences.figure(row(met=900_000, of=1_000_000)) == "90.0 % of 1,000,000, target 90 %"
    assert sentences.figure(row(measure="meeting_held", met=99_999, of=100_000)).startswith("99.999 %")


def test_a_figure_without_cases_says_so() -> None:
    assert sentences.figure(row(met=0, of=0, verdict="in_progress", pending=3)) == "no case to judge, 3 still open"
    assert sentences.figure(row(met=0, of=0, verdict="cannot_judge")) == "nothing fit to judge from was delivered"


def test_a_measured_share_is_not_told_in_microseconds() -> None:
    hours = row(measure="visible_when_needed", met=0, of=0, timed=13, missed=0, unknown=1, rate=0.7118, rate_low=None)
    hours |= {"numerator": 1_627_200_000_000, "denominator": 2_286_000_000_000}
    assert sentences.figure(hours) == "71.2 % of what was measured (13 cases)"
    assert words.met_of(hours) == words.if_missed(hours) == "–"
    assert sentences.unknowns(hours) == "1 case could not be judged."


def test_a_time_without_a_limit_is_told_by_its_median() -> None:
    timed = row(measure="deploy_emergency", met=0, of=0, timed=1_924, p50_seconds=142.5)
    assert sentences.figure(timed) == "half of 1,924 within 2 min 22 s"


def test_a_suppressed_figure_says_nothing() -> None:
    hidden = row() | dict.fromkeys(
        ("numerator", "denominator", "rate", "rate_low", "rate_high", "unknown", "cases", "rate_if_unknown_missed"),
        words.SUPPRESSED,
    )
    assert sentences.figure(hidden) == "too small a number to be published"
    assert sentences.full(hidden) == "999 calls answered in time: kept, too small a number to be published."


def test_unknown_cases_are_told_with_what_they_could_change() -> None:
    said = sentences.full(row(met=92, of=100, unknown=5))
    assert said == (
        "999 calls answered in time: depends on unknown cases, 92.0 % of 100, target 90 %. "
        "The 95 % interval is 50.0 % to 75.0 %. 5 cases could not be judged: "
        "were all of them missed, it would be 87.6 %, and the promise missed."
    )
    assert "Every case could be judged." in sentences.full(row())


def test_a_commitment_kept_by_the_grace_of_unknown_cases_is_never_plainly_kept() -> None:
    assert words.tag_of(row(met=92, of=100, unknown=5)) == words.CONDITIONAL
    assert words.tag_of(row(met=95, of=100, unknown=1)) == "kept"
    assert "kept" not in words.tag_word(words.CONDITIONAL).lower()


def test_why_a_commitment_was_missed_names_the_worst_measures_first() -> None:
    rows = [row(met=80), row(measure="attend_emergency", met=50), row(measure="eta_emergency", met=99)]
    said = sentences.commitment_reason("missed", rows)
    assert said == (
        "Emergencies reached in time: 50.0 % of 100, target 90 %; 999 calls answered in time: 80.0 % of 100, "
        "target 90 %; and 1 more."
    )


@pytest.mark.parametrize(
    ("found", "worst"),
    [
        (["consistently_met", "hit_or_miss"], "hit_or_miss"),
        (["consistently_met", "consistently_missed"], "consistently_missed"),
        (["consistently_met", ""], ""),
        (["consistently_met"], "consistently_met"),
        ([], "no_target"),
    ],
)
def test_a_commitment_is_as_sure_as_its_least_sure_measure(found: list[str], worst: str) -> None:
    assert sentences.commitment_assurance([row(assurance=each) for each in found]) == worst


def test_what_can_be_believed() -> None:
    rows = [row(met=92, of=100, unknown=5), row(measure="meeting_held", restated=True)]
    assert sentences.belief(rows, True, date(2027, 6, 6), True) == [
        "The figures are provisional: until 6 June 2027 a late or corrected record may still change them.",
        "1 figure changed after it was first published.",
        "Of 205 cases 5 (2.4 %) could not be judged: a time is absent, or times contradict.",
        "Had all of those been missed, what is kept would be missed for: 999 calls answered in time.",
    ]
    assert sentences.belief([row()], False, date(2027, 6, 6), True) == [
        "The figures are final.",
        "All 100 cases were judged.",
    ]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 3, 1), date(2026, 3, 1), "1 March 2026"),
        (date(2026, 3, 1), date(2026, 3, 3), "1 to 3 March 2026"),
        (date(2026, 3, 30), date(2026, 4, 2), "30 March 2026 to 2 April 2026"),
        (date.min, date(2026, 4, 2), "up to 2 April 2026"),
    ],
)
def test_days(first: date, last: date, said: str) -> None:
    assert words.days(first, last) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "–"), (4.25, "4.25 seconds"), (60, "1 min 0 s"), (3725, "1 h 2 min"), (190_000, "2 days 4 h")],
)
def test_seconds(value: float | None, said: str) -> None:
    assert words.seconds(value) == said


def test_every_verdict_has_its_own_word_and_shape() -> None:
    assert len({word for word, _, _ in words.TAGS.values()}) == len(words.TAGS)
    assert len({shape for _, _, shape in words.TAGS.values()}) == len(words.TAGS)


def test_the_headline_tells_the_closing_promise_apart() -> None:
    said = sentences.headline("Norfolk", "March", ["kept", "missed"], True, "missed")
    assert said.endswith("and missed one. The closing promise, to say why one was broken, was missed.")
    assert "closing" not in sentences.headline("Norfolk", "March", ["kept"], True, "in_progress")
