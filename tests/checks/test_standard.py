"""Which rule judges which day, and the definitions it is asked under."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from checks.standard import (
    NATIONAL,
    Effective,
    Limit,
    Rule,
    Standard,
    editions,
    effective,
    every_combination,
    one_switch_at_a_time,
    rule_for,
    supersede,
)

RULE = Rule(
    standard="pledge",
    measure="answer_999",
    commitment=5,
    force=NATIONAL,
    in_force_from=date(2008, 12, 31),
    in_force_to=None,
    limits={"": Limit(10, "seconds")},
    target_numerator=90,
    target_denominator=100,
    minimum_n=30,
    severity="high",
    definition={"clock_start": "dialled", "limit": "within"},
    source="Appendix 2",
)
SWITCHES = {
    "clock_start": ("presented_to_force", "dialled"),
    "limit": ("within", "under"),
    "abandoned": ("short_excluded", "answered_only", "all_offered"),
}


def row(start: str, end: str = "", force: str = NATIONAL, measure: str = "answer_999") -> Rule:
    dates = {
        "in_force_from": date.fromisoformat(start),
        "in_force_to": date.fromisoformat(end) if end else None,
    }
    return replace(RULE, force=force, measure=measure, **dates)


def standard(name: str, *rules: Rule, title: str = "Policing Pledge") -> Standard:
    first = min(rule.in_force_from for rule in rules)
    named = tuple(replace(rule, standard=name) for rule in rules)
    return Standard(name, title, "us", "ours", "", first, None, "", named, "0" * 64, f"{first}_{name}.yaml")


def days(found: list[Effective]) -> list[tuple[str, str, str, str]]:
    """(standard, the rule's force, first day, last day), '' = open."""
    return [(e.rule.standard, e.rule.force, str(e.applies_from or ""), str(e.applies_to or "")) for e in found]


@pytest.mark.parametrize(
    ("limit", "microseconds", "words"),
    [
        (Limit(10, "seconds"), 10_000_000, "10 seconds"),
        (Limit(1, "minutes"), 60_000_000, "1 minute"),
        (Limit(48, "hours"), 172_800_000_000, "48 hours"),
        (Limit(28, "days"), None, "28 days"),
        (Limit(1, "months"), None, "1 month"),
        (Limit(1, "working_days"), None, "1 working day"),
        (Limit(80, "percent"), None, "80 %"),
    ],
)
def test_a_limit_as_elapsed_time_and_in_words(limit: Limit, microseconds: int | None, words: str) -> None:
    assert limit.microseconds == microseconds
    assert limit.in_words == words


@pytest.mark.parametrize(
    ("numerator", "denominator", "words"),
    [(90, 100, "90 %"), (995, 1000, "99.5 %"), (0, 100, "0 %"), (1000, 1000, "100 %"), (None, None, "none")],
)
def test_a_target_in_words(numerator: int | None, denominator: int | None, words: str) -> None:
    assert replace(RULE, target_numerator=numerator, target_denominator=denominator).target_in_words == words


def test_limits_in_words() -> None:
    both = {"urban": Limit(15, "minutes"), "rural": Limit(20, "minutes")}
    assert replace(RULE, limits=both).limit_in_words == "15 minutes (urban), 20 minutes (rural)"
    assert replace(RULE, limits={}).limit_in_words == ""


def test_a_forces_own_row_wins_over_the_national_one() -> None:
    both = standard("pledge", row("2008-12-31"), row("2008-12-31", force="suffolk"))
    assert rule_for(both, "answer_999", "suffolk") is both.rules[1]
    assert rule_for(both, "answer_999", "norfolk") is both.rules[0]
    assert rule_for(both, "attend_emergency", "suffolk") is None


def test_a_row_for_one_force_judges_no_other() -> None:
    own = standard("pledge", row("2008-12-31", force="suffolk"))
    assert rule_for(own, "answer_999", "norfolk") is None
    assert effective([own], "answer_999", "norfolk") == []


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2007-01-01", 0),  # before the first row: the first already applies
        ("2008-01-01", 0),
        ("2008-12-31", 0),
        ("2009-06-01", 0),  # in the gap: the row last in force goes on
        ("2010-01-01", 1),
        ("2030-01-01", 1),
    ],
)
def test_every_day_has_one_rule(day: str, expected: int) -> None:
    two = standard("pledge", row("2008-01-01", "2008-12-31"), row("2010-01-01"))
    assert rule_for(two, "answer_999", "norfolk", date.fromisoformat(day)) is two.rules[expected]


def test_without_a_day_the_rule_as_it_stands_last() -> None:
    two = standard("pledge", row("2010-01-01"), row("2008-01-01", "2009-12-31"))
    assert rule_for(two, "answer_999", "norfolk") is two.rules[0]


def test_an_own_row_interrupts_the_national_one_on_its_days_only() -> None:
    found = standard("pledge", row("2008-12-31"), row("2012-01-01", "2013-12-31", force="suffolk"))
    assert days(effective([found], "answer_999", "suffolk")) == [
        ("pledge", "", "", "2011-12-31"),
        ("pledge", "suffolk", "2012-01-01", "2013-12-31"),
        ("pledge", "", "2014-01-01", ""),
    ]
    assert days(effective([found], "answer_999", "norfolk")) == [("pledge", "", "", "")]


def test_the_timetable_agrees_with_the_rule_of_each_day() -> None:
    found = standard(
        "pledge",
        row("2020-01-05", "2020-01-08"),
        row("2020-01-11", "2020-01-20"),
        row("2020-01-07", "2020-01-12", force="suffolk"),
        row("2020-01-15", "2020-01-15", force="suffolk"),
    )
    table = effective([found], "answer_999", "suffolk")
    for day in (date(2020, 1, 1) + timedelta(days=n) for n in range(31)):
        holding = [e.rule for e in table if (e.applies_from or day) <= day <= (e.applies_to or day)]
        assert holding == [rule_for(found, "answer_999", "suffolk", day)]


def test_a_later_edition_judges_from_its_date_on() -> None:
    old, new = standard("pledge_2008", row("2008-12-31")), standard("pledge_2027", row("2027-04-01"))
    for order in ([old, new], [new, old]):
        assert supersede(order) == {
            "pledge_2008": (None, date(2027, 3, 31)),
            "pledge_2027": (date(2027, 4, 1), None),
        }
        assert sorted(days(effective(order, "answer_999", "norfolk"))) == [
            ("pledge_2008", "", "", "2027-03-31"),
            ("pledge_2027", "", "2027-04-01", ""),
        ]


def test_alone_an_edition_judges_every_day() -> None:
    new = standard("pledge_2027", row("2027-04-01"))
    assert days(effective([new], "answer_999", "norfolk")) == [("pledge_2027", "", "", "")]


def test_three_editions_hand_over_in_turn() -> None:
    names = [standard(f"pledge_{year}", row(f"{year}-01-01")) for year in (2010, 2020, 2030)]
    assert [(str(a or ""), str(b or "")) for a, b in supersede(names).values()] == [
        ("", "2019-12-31"),
        ("2020-01-01", "2029-12-31"),
        ("2030-01-01", ""),
    ]


def test_other_titles_judge_side_by_side() -> None:
    both = [standard("a", row("2008-12-31")), standard("b", row("2026-01-26"), title="Response standards")]
    assert days(effective(both, "answer_999", "norfolk")) == [("a", "", "", ""), ("b", "", "", "")]


def test_titles_are_compared_without_capitals_and_spaces() -> None:
    old, new = standard("a", row("2008-12-31")), standard("b", row("2027-04-01"), title="policing  PLEDGE")
    other = standard("c", row("2027-04-01"), title="Policing Pledges")
    assert supersede([old, new])["a"] == (None, date(2027, 3, 31))
    assert editions([new, other, old], "b") == [old, new]
    assert editions([old], "unknown") == []


def test_a_measure_left_out_of_a_later_edition_ends_with_the_earlier_one() -> None:
    old = standard("old", row("2008-12-31"), row("2008-12-31", measure="answer_non_emergency"))
    new = standard("new", row("2027-04-01"))
    found = effective([old, new], "answer_non_emergency", "norfolk")
    assert days(found) == [("old", "", "", "2027-03-31")]


def test_rows_of_the_earlier_edition_stop_where_the_later_begins() -> None:
    old = standard("old", row("2008-12-31", "2012-12-31"), row("2028-01-01"))
    new = standard("new", row("2027-04-01"))
    assert days(effective([old, new], "answer_999", "norfolk")) == [
        ("old", "", "", "2027-03-31"),
        ("new", "", "2027-04-01", ""),
    ]


def test_one_switch_at_a_time() -> None:
    own = {"clock_start": "dialled", "limit": "within", "abandoned": "short_excluded"}
    assert one_switch_at_a_time(RULE, SWITCHES) == [
        own,
        {**own, "clock_start": "presented_to_force"},
        {**own, "limit": "under"},
        {**own, "abandoned": "answered_only"},
        {**own, "abandoned": "all_offered"},
    ]


def test_every_combination_once_the_rules_own_first() -> None:
    found = every_combination(RULE, SWITCHES)
    assert found[0] == one_switch_at_a_time(RULE, SWITCHES)[0]
    assert len(found) == len({tuple(sorted(each.items())) for each in found}) == 2 * 2 * 3
