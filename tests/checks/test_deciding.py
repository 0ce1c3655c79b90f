"""Every transition of a promise: verdict before × after × signal × n, and what it leads to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.changes import Change, Decision, Judged, Kind, Promise, Reason, Said, Silence
from checks.deciding import Night, decide
from checks.feeds import Gap
from checks.verdict import Verdict

TODAY = date(2026, 11, 10)
PROMISE = Promise("pledge", "answer_999", "norfolk", commitment=5, severity="high", logs=("calls",))
NIGHT = Night(TODAY, {})
COUNTS = {"kept": (95, 100), "missed": (60, 100), "too_few": (3, 5), "cannot_judge": (0, 0), "no_target": (60, 100)}
SIGNALS = ("", "no_limits", "common_cause", "special_cause_concerning", "special_cause_improving", "special_cause_low")


def day(number: int) -> date:
    return TODAY - timedelta(days=TODAY.day - number)


def figure(number: int, verdict: str, signal: str = "", **more: Any) -> Judged:
    met, of = COUNTS.get(verdict, (60, 100))
    low, high = (met / of - 0.05, met / of + 0.05) if of else (None, None)
    said = {"target": None if verdict == "no_target" else 0.9, "rate_low": low, "rate_high": high, "signal": signal}
    return Judged(day(number), verdict, **{"numerator": met, "denominator": of, **said, **more})


def said(kind: Kind, number: int, since: int | None = None) -> Said:
    return Said(kind, day(number), day(since if since is not None else number))


def told(decision: Decision) -> str:
    return decision.kind.value if isinstance(decision, Change) else decision.reason.value


def one(after: Judged, earlier: Said | None = None, before: tuple[Judged, ...] = (), **more: Any) -> Decision:
    decided = decide(PROMISE, before, [after], earlier, more.pop("night", NIGHT), **more)
    assert len(decided) == 1
    return decided[0]


OPEN = said(Kind.FIRST_MISS, 2)


@pytest.mark.parametrize(
    ("after", "earlier", "expected"),
    [
        # a miss, nothing open: the chart decides; without a chart the interval
        (figure(9, "missed", "special_cause_concerning"), None, "first_miss"),
        (figure(9, "missed", "special_cause_low"), None, "first_miss"),
        (figure(9, "missed", "common_cause"), None, "ordinary_variation"),
        (figure(9, "missed", "common_cause", assurance="consistently_missed"), None, "steadily_below"),
        (figure(9, "missed", "special_cause_improving"), None, "improving"),
        (figure(9, "missed"), None, "first_miss"),
        (figure(9, "missed", "no_limits"), None, "first_miss"),
        (figure(9, "missed", rate_high=0.9), None, "may_be_chance"),
        (figure(9, "missed", rate_high=0.8999), None, "first_miss"),
        (figure(9, "missed", target=1.0, rate_high=1.0), None, "first_miss"),
        (figure(9, "missed"), said(Kind.KEPT_AGAIN, 5, 1), "first_miss"),
        (figure(9, "missed"), said(Kind.CANNOT_JUDGE, 5), "first_miss"),
        # a miss that goes on: at most every seven days, whatever the chart
        (figure(8, "missed", "common_cause"), OPEN, "said_recently"),
        (figure(9, "missed", "common_cause"), OPEN, "still_missed"),
        (figure(9, "missed", "special_cause_improving"), OPEN, "still_missed"),
        (figure(9, "missed"), said(Kind.STILL_MISSED, 3, 1), "said_recently"),
        # kept
        (figure(9, "kept"), None, "as_promised"),
        (figure(9, "kept"), OPEN, "kept_again"),
        (figure(9, "kept"), said(Kind.STILL_MISSED, 5, 1), "kept_again"),
        (figure(9, "kept"), said(Kind.KEPT_AGAIN, 5, 1), "as_promised"),
        (figure(9, "kept"), said(Kind.CANNOT_JUDGE, 5), "kept_again"),
        (figure(9, "kept", depends_on_unknown=True), OPEN, "depends_on_unknown"),
        (figure(9, "kept", depends_on_unknown=True), None, "as_promised"),
        # too few to judge
        (figure(9, "too_few"), None, "below_minimum_n"),
        (figure(9, "too_few"), OPEN, "below_minimum_n"),
        (figure(9, "too_few", numerator=5), None, "as_promised"),
        (figure(9, "too_few", numerator=0, denominator=0), None, "as_promised"),
        # not to be judged
        (figure(9, "cannot_judge"), None, "never_judged"),
        (figure(9, "cannot_judge"), said(Kind.CANNOT_JUDGE, 5), "still_blind"),
        # nothing to be said at all
        (figure(9, "no_target"), None, "no_target"),
        (figure(9, "in_progress"), None, "period_open"),
        (figure(10, "missed"), None, "period_open"),
        (figure(10, "cannot_judge"), None, "period_open"),
        (figure(2, "missed"), None, "history"),
        (figure(3, "missed"), None, "first_miss"),
        (figure(5, "missed"), said(Kind.FIRST_MISS, 5), "already_said"),
        (figure(4, "kept"), said(Kind.FIRST_MISS, 5), "already_said"),
    ],
)  # fmt: skip
def test_a_period_judged_for_the_first_time(after: Judged, earlier: Said | None, expected: str) -> None:
    assert told(one(after, earlier)) == expected


def test_not_being_judged_is_news_only_where_it_was_judged_before() -> None:
    assert told(one(figure(9, "cannot_judge"), judged_before=True)) == "cannot_judge"
    assert told(one(figure(9, "cannot_judge"), before=(figure(8, "kept"),))) == "cannot_judge"


def test_an_episode_says_since_when_it_lasts() -> None:
    decision = one(figure(9, "kept"), said(Kind.STILL_MISSED, 8, 1))
    assert isinstance(decision, Change) and decision.since == day(1) and decision.closes
    assert decision.subject.severity == "high" and decision.subject.measure == "answer_999"


def test_an_open_episode_outlives_days_without_data() -> None:
    blind = decide(PROMISE, [], [figure(8, "cannot_judge")], OPEN, NIGHT, judged_before=True)[0]
    assert isinstance(blind, Change) and blind.since == OPEN.since
    assert one(figure(9, "kept"), Said(blind.kind, day(8), blind.since)).kind is Kind.KEPT_AGAIN


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (figure(8, "kept"), figure(8, "missed"), "restated"),
        (figure(8, "missed"), figure(8, "kept"), "restated"),
        (figure(8, "kept"), figure(8, "cannot_judge"), "restated"),
        (figure(8, "cannot_judge"), figure(8, "kept"), "as_promised"),
        (figure(8, "cannot_judge"), figure(8, "missed"), "first_miss"),
        (figure(8, "cannot_judge"), figure(8, "cannot_judge"), "unchanged"),
        (figure(1, "cannot_judge"), figure(1, "missed"), "history"),
        (figure(8, "too_few"), figure(8, "too_few", numerator=1), "restated_slightly"),
        (figure(8, "kept"), figure(8, "too_few"), "restated_slightly"),
        (figure(8, "kept"), figure(8, "kept", numerator=96), "restated_slightly"),
        (figure(8, "missed"), figure(8, "missed", numerator=65), "restated"),
        (figure(8, "missed"), figure(8, "missed", numerator=64), "restated_slightly"),
        (figure(8, "kept"), figure(8, "kept", "common_cause"), "unchanged"),
        (figure(8, "in_progress"), figure(8, "missed"), "first_miss"),
        (figure(1, "in_progress"), figure(1, "missed"), "first_miss"),
        (figure(1, "kept"), figure(1, "missed"), "restated"),
    ],
)
def test_a_figure_that_was_said_before(was: Judged, now: Judged, expected: str) -> None:
    assert told(one(now, before=(was,))) == expected


def test_a_miss_that_was_none_after_all_ends_its_episode() -> None:
    decided = one(figure(9, "kept"), said(Kind.FIRST_MISS, 9), (figure(9, "missed"),))
    assert isinstance(decided, Change) and decided.kind is Kind.RESTATED and decided.closes
    longer = one(figure(8, "kept"), said(Kind.STILL_MISSED, 9, 8), (figure(8, "missed"),))
    assert isinstance(longer, Change) and not longer.closes


@pytest.mark.parametrize("verdict", ["missed", "kept", "cannot_judge", "too_few"])
def test_a_gap_mutes_whatever_depends_on_the_log(verdict: str) -> None:
    night = Night(TODAY, {"norfolk": [Gap("calls", day(9), day(9))]})
    decision = one(figure(9, verdict), OPEN, night=night)
    assert isinstance(decision, Silence) and (decision.reason, decision.detail) == (Reason.MUTED_BY_FEED, "calls")
    elsewhere = Night(TODAY, {"norfolk": [Gap("incidents", day(9), day(9))], "kent": [Gap("calls", day(9), day(9))]})
    assert told(one(figure(9, "missed"), night=elsewhere)) == "first_miss"


def test_a_month_is_decided_once_it_is_over() -> None:
    monthly = replace(PROMISE, period="month")
    october, november = Judged(date(2026, 10, 1), "missed", 6, 10, target=0.9, rate_high=0.8), date(2026, 11, 1)
    decided = decide(monthly, [], [october, replace(october, period_start=november)], None, NIGHT)
    assert [told(each) for each in decided] == ["first_miss", "period_open"]
    september = replace(october, period_start=date(2026, 9, 1))
    assert told(decide(monthly, [], [september], None, NIGHT)[0]) == "history"
    again = decide(monthly, [], [october], Said(Kind.FIRST_MISS, september.period_start, september.period_start), NIGHT)
    assert told(again[0]) == "still_missed"


def test_of_a_miss_and_its_end_in_one_run_only_the_end_is_told() -> None:
    decided = decide(PROMISE, [], [figure(7, "missed"), figure(8, "kept"), figure(9, "kept")], None, NIGHT)
    assert [told(each) for each in decided] == ["overtaken", "kept_again", "as_promised"]
    assert isinstance(decided[1], Change) and decided[1].since == day(7)
    assert decided[1].was_unsaid


def test_the_end_of_an_announced_episode_is_told_beside_a_new_one() -> None:
    decided = decide(PROMISE, [], [figure(7, "kept"), figure(8, "missed")], said(Kind.FIRST_MISS, 6), NIGHT)
    assert [told(each) for each in decided] == ["kept_again", "first_miss"]


def test_every_transition_has_an_answer() -> None:
    """Verdict before × after × signal × n × what was announced: always one decision, and never a false alarm."""
    verdicts = [None, *map(str, Verdict)]
    stories = [
        None,
        *(said(kind, 5, 4) for kind in (Kind.FIRST_MISS, Kind.STILL_MISSED, Kind.KEPT_AGAIN, Kind.CANNOT_JUDGE)),
    ]
    sizes = [(0, 0), (0, 1), (26, 29), (27, 30), (60, 100), (89, 100), (90, 100)]
    count = 0
    for was, now, signal, (met, of), story in product(verdicts, map(str, Verdict), SIGNALS, sizes, stories):
        before = [] if was is None else [figure(9, was)]
        decision = decide(PROMISE, before, [figure(9, now, signal, numerator=met, denominator=of)], story, NIGHT)[0]
        if isinstance(decision, Change):
            assert decision.kind is not Kind.FIRST_MISS or now == "missed"
            assert decision.kind is not Kind.KEPT_AGAIN or (
                now == "kept" and story and story.kind is not Kind.KEPT_AGAIN
            )
            assert decision.kind is not Kind.STILL_MISSED or (story and story.is_open)
            assert decision.kind is not Kind.RESTATED or was not in (None, "in_progress")
            assert not (decision.kind is Kind.FIRST_MISS and signal in ("common_cause", "special_cause_improving"))
        count += 1
    assert count == 7 * 6 * 6 * 7 * 5


VERDICTS = st.sampled_from(["kept", "missed", "too_few", "cannot_judge", "in_progress"])


@given(st.lists(st.tuples(VERDICTS, st.sampled_from(SIGNALS)), min_size=1, max_size=40))
def test_night_after_night_the_story_holds_together(nights: list[tuple[str, str]]) -> None:
    """An episode is opened before it is closed, said again after seven days at the earliest, and the same night
    decided twice says nothing new."""
    story: Said | None = None
    last: date | None = None
    for number, (verdict, signal) in enumerate(nights):
        start = date(2026, 1, 1) + timedelta(days=number)
        now = replace(figure(9, verdict, signal), period_start=start)
        night = Night(start + timedelta(days=1), {})
        (decision,) = decide(PROMISE, [], [now], story, night, judged_before=True)
        if isinstance(decision, Silence):
            continue
        if decision.kind is Kind.FIRST_MISS:
            assert story is None or not story.is_open
        elif decision.kind is Kind.STILL_MISSED:
            assert story and story.is_open and last and (start - last).days >= 7
        elif decision.kind is Kind.KEPT_AGAIN:
            assert story and (story.is_open or story.kind is Kind.CANNOT_JUDGE) and decision.since == story.since
        story, last = Said(decision.kind, start, decision.since), start
        (again,) = decide(PROMISE, [], [now], story, night, judged_before=True)
        assert told(again) == "already_said"


@given(st.lists(st.tuples(VERDICTS, st.sampled_from(SIGNALS)), min_size=1, max_size=7))
def test_nights_that_were_not_decided_are_made_good(nights: list[tuple[str, str]]) -> None:
    """Decided in one go, the state afterwards is that of night by night."""
    figures = [replace(figure(9, *each), period_start=day(3 + n)) for n, each in enumerate(nights)]
    story: Said | None = None
    for each in figures:
        (decision,) = decide(PROMISE, [], [each], story, NIGHT, judged_before=True)
        if isinstance(decision, Change):
            story = Said(decision.kind, decision.figure.period_start, decision.since)
    changes = [
        each for each in decide(PROMISE, [], figures, None, NIGHT, judged_before=True) if isinstance(each, Change)
    ]
    newest = changes[-1] if changes else None
    assert (story and (story.kind, story.since)) == (newest and (newest.kind, newest.since))
