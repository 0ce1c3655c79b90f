"""Victims kept informed: a case and its contacts in, its intervals and their states out."""

# ruff: noqa: E501 (tables of text)

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.standard import Limit, Rule
from tests.spec import check, rule, states

AS_AT = datetime(2026, 5, 20, 12, tzinfo=UTC)


def monthly(**definition: str) -> Rule:
    return rule("victim_updated", {"": Limit(1, "months")}, 100, **definition)


def intervals(text: str, as_at: datetime = AS_AT, zone: str = "Europe/London", **definition: str) -> dict[str, str]:
    """The state (and reason) of each interval by its name."""
    found = states(text, monthly(**definition), as_at, zone)
    return {name: " ".join(filter(None, (one["state"], one["reason"]))) for name, one in sorted(found.items())}


def one_case(opened: str, *contacts: str, **more: str) -> str:
    """A case C with its contacts, as a spec."""
    columns = ["crime_id", "opened_at", *more]
    spec = f"victim_cases\n{' | '.join(columns)}\n{' | '.join(['C', opened, *more.values()])}"
    if contacts:
        rows = "\n".join(f"k{number} | C | {at}" for number, at in enumerate(contacts))
        spec += f"\n\nvictim_contacts\ncontact_id | crime_id | contacted_at\n{rows}"
    return spec


def test_states() -> None:
    check(
        """
        victim_cases
        crime_id      | opened_at           | updates_declined_at | update_until        | closed_at           | case | => state | reason
        silent        | 2026-03-01 12:00:00 |                     |                     |                     | silent/2026-03-01T12:00:00Z | missed |
        new           | 2026-05-01 12:00:00 |                     |                     |                     | new/2026-05-01T11:00:00Z | pending |
        until_now     | 2026-04-20 13:00:00 |                     |                     |                     | until_now/2026-04-20T12:00:00Z | pending |
        ran_out       | 2026-04-20 12:59:59 |                     |                     |                     | ran_out/2026-04-20T11:59:59Z | missed |
        declined      | 2026-03-01 12:00:00 | 2026-03-20 12:00:00 |                     |                     | declined/2026-03-01T12:00:00Z | excluded | declined
        declined_late | 2026-03-01 12:00:00 | 2026-04-01 12:00:01 |                     |                     | declined_late/2026-03-01T12:00:00Z | missed |
        agreed_end    | 2026-03-01 12:00:00 |                     | 2026-03-20 12:00:00 |                     | agreed_end/2026-03-01T12:00:00Z | excluded | closed
        end_too_late  | 2026-03-01 12:00:00 |                     | 2026-04-20 12:00:00 |                     | end_too_late/2026-03-01T12:00:00Z | missed |
        end_ahead     | 2026-05-01 12:00:00 |                     | 2026-05-25 12:00:00 |                     | end_ahead/2026-05-01T11:00:00Z | pending |
        closed        | 2026-03-01 12:00:00 |                     |                     | 2026-04-01 12:00:00 | closed/2026-03-01T12:00:00Z | excluded | closed
        closed_late   | 2026-03-01 12:00:00 |                     |                     | 2026-04-01 12:00:01 | closed_late/2026-03-01T12:00:00Z | missed |
        backwards     | 2026-03-01 12:00:00 |                     |                     | 2026-02-01 12:00:00 | backwards/2026-03-01T12:00:00Z | unknown |
        declined_shut | 2026-03-01 12:00:00 | 2026-03-20 12:00:00 |                     | 2026-03-20 12:00:00 | declined_shut/2026-03-01T12:00:00Z | excluded | declined
        """,
        monthly(),
        AS_AT,
    )


def test_a_case_is_cut_at_each_contact() -> None:
    spec = one_case("2026-01-10 12:00:00", "2026-02-10 12:00:00", "2026-03-10 12:00:01", "2026-05-01 12:00:00")
    assert intervals(spec) == {
        "C/2026-01-10T12:00:00Z": "met",
        "C/2026-02-10T12:00:00Z": "missed",
        "C/2026-03-10T12:00:01Z": "missed",
        "C/2026-05-01T11:00:00Z": "pending",
    }


def test_the_open_last_interval_is_judged_from_the_moment_of_judging() -> None:
    spec = one_case("2026-01-10 12:00:00", "2026-02-10 12:00:00", "2026-03-10 12:00:00")
    assert intervals(spec, datetime(2026, 2, 20, tzinfo=UTC)) == {
        "C/2026-01-10T12:00:00Z": "met",
        "C/2026-02-10T12:00:00Z": "pending",
    }
    assert intervals(spec, datetime(2026, 1, 9, tzinfo=UTC)) == {}


@pytest.mark.parametrize(
    ("opened", "month", "due"),
    [
        ("2026-01-31 12:00:00", "calendar", "2026-02-28 12:00:00"),
        ("2026-01-31 12:00:00", "28_days", "2026-02-28 12:00:00"),
        ("2026-03-10 12:00:00", "calendar", "2026-04-10 12:00:00"),
        ("2026-03-10 12:00:00", "28_days", "2026-04-07 12:00:00"),
        ("2025-10-10 12:00:00", "calendar", "2025-11-10 12:00:00"),
    ],
)
def test_a_month_is_the_same_wall_time_a_month_later(opened: str, month: str, due: str) -> None:
    in_time, late = one_case(opened, due), one_case(opened, f"{due}.000001")
    assert next(iter(intervals(in_time, month=month).values())) == "met"
    assert next(iter(intervals(late, month=month).values())) == "missed"
    assert next(iter(intervals(in_time, month=month, limit="under").values())) == "missed"


def test_months_are_counted_on_the_forces_own_clock() -> None:
    # California's clocks go forward on 8 March, London's on 29 March.
    spec = one_case("2026-02-15 12:00:00", "2026-03-15 12:00:00")
    assert intervals(spec, zone="America/Los_Angeles") == {
        "C/2026-02-15T20:00:00Z": "met",
        "C/2026-03-15T19:00:00Z": "missed",
    }


def test_the_interval_agreed_wins_for_every_interval_of_the_case() -> None:
    spec = one_case(
        "2026-03-20 12:00:00", "2026-04-03 12:00:00", "2026-04-17 12:00:01",
        agreed_at="2026-03-25 12:00:00", update_every_days="14", closed_at="2026-04-30 12:00:00",
    )  # fmt: skip
    assert intervals(spec, month="28_days") == intervals(spec)
    assert intervals(spec) == {
        "C/2026-03-20T12:00:00Z": "met",
        "C/2026-04-03T11:00:00Z": "missed",
        "C/2026-04-17T11:00:01Z": "excluded closed",
    }


def test_an_interval_of_no_days_is_none_agreed() -> None:
    assert (
        intervals(one_case("2026-03-01 12:00:00", "2026-04-01 12:00:00", update_every_days="0"))[
            "C/2026-03-01T12:00:00Z"
        ]
        == "met"
    )


def test_contacts_that_do_not_count() -> None:
    outside = one_case(
        "2026-03-01 12:00:00", "2026-02-20 12:00:00", "2026-03-01 12:00:00", "2026-03-25 12:00:00",
        "2026-03-25 12:00:00", "2026-04-02 12:00:00", closed_at="2026-04-01 12:00:00",
    )  # fmt: skip
    assert intervals(outside) == {
        "C/2026-03-01T12:00:00Z": "met",
        "C/2026-03-25T12:00:00Z": "excluded closed",
    }
    nobodys = outside.replace("| C |", "| D |")
    assert intervals(nobodys) == {"C/2026-03-01T12:00:00Z": "excluded closed"}


def test_a_contact_at_the_very_closing_is_one_and_begins_nothing() -> None:
    spec = one_case("2026-03-01 12:00:00", "2026-04-01 12:00:00", closed_at="2026-04-01 12:00:00")
    assert intervals(spec) == {"C/2026-03-01T12:00:00Z": "met"}


def test_what_begins_after_updates_were_declined_is_left_out() -> None:
    spec = one_case("2026-03-01 12:00:00", "2026-03-20 12:00:00", updates_declined_at="2026-03-10 12:00:00")
    assert intervals(spec) == {
        "C/2026-03-01T12:00:00Z": "excluded declined",
        "C/2026-03-20T12:00:00Z": "excluded declined",
    }
    assert intervals(spec, silence="each_month") == intervals(spec)


def test_five_silent_months_are_one_missed_interval_or_five() -> None:
    spec = one_case("2025-12-10 12:00:00")
    assert intervals(spec) == {"C/2025-12-10T12:00:00Z": "missed"}
    assert intervals(spec, silence="each_month") == {
        "C/2025-12-10T12:00:00Z": "missed",
        "C/2026-01-10T12:00:00Z": "missed",
        "C/2026-02-10T12:00:00Z": "missed",
        "C/2026-03-10T12:00:00Z": "missed",
        "C/2026-04-10T11:00:00Z": "missed",
        "C/2026-05-10T11:00:00Z": "pending",
    }


def test_each_month_of_a_silence_ends_as_the_silence_does() -> None:
    contacted = one_case("2026-01-31 12:00:00", "2026-03-31 12:00:00", "2026-04-21 12:00:00")
    assert intervals(contacted, silence="each_month") == {
        "C/2026-01-31T12:00:00Z": "missed",
        "C/2026-02-28T12:00:00Z": "met",
        "C/2026-03-31T11:00:00Z": "met",
        "C/2026-04-21T11:00:00Z": "pending",
    }
    closed = one_case("2026-01-31 12:00:00", closed_at="2026-04-10 12:00:00", update_every_days="30")
    assert intervals(closed, silence="each_month") == {
        "C/2026-01-31T12:00:00Z": "missed",
        "C/2026-03-02T12:00:00Z": "missed",
        "C/2026-04-01T11:00:00Z": "excluded closed",
    }


def test_contacts_a_fraction_of_a_second_apart_have_names_of_their_own() -> None:
    spec = one_case("2026-03-01 12:00:00", "2026-03-20 12:00:00", "2026-03-20 12:00:00.25")
    assert set(intervals(spec)) == {
        "C/2026-03-01T12:00:00Z",
        "C/2026-03-20T12:00:00Z",
        "C/2026-03-20T12:00:00.25Z",
    }


def test_a_column_that_is_not_delivered_cannot_be_judged() -> None:
    spec = one_case("2026-03-01 12:00:00", "2026-03-20 12:00:00")
    found = states(spec, monthly(), AS_AT, lacks={"victim_cases": ["victim_cases.closed_at"]})
    assert {(one["state"], one["unjudgeable"]) for one in found.values()} == {("unknown", True)}
    found = states(spec, monthly(), AS_AT, lacks={"victim_cases": ["victim_cases.update_every_days"]})
    assert {one["state"] for one in found.values()} == {"met", "missed"}
