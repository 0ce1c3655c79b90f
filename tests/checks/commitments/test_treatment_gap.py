"""The same satisfaction whatever one's ethnic group: answers in, states out."""

from __future__ import annotations

import pytest

from tests.checks.commitments.cases import said
from tests.spec import rule, states

GAP = rule("treatment_gap", target=None)


def answers(white: tuple[int, int], minority: tuple[int, int], day: str = "2025-06-01", more: str = "") -> str:
    """So many satisfied of so many, in either group."""
    groups = {"white": white, "minority": minority}
    rows = [
        f"{day} {group} {n} | {day} | {group} | {'true' if n < satisfied else 'false'}"
        for group, (satisfied, asked) in groups.items()
        for n in range(asked)
    ]
    return "surveys\nresponse_id | answered_on | ethnic_group | treatment_satisfied\n" + "\n".join(rows) + more


@pytest.mark.parametrize(
    ("white", "minority", "state"),
    [
        # z = 1.959963 and 1.959966; the limit is 1.959964.
        ((26, 53), (29, 42), "met"),
        ((72, 93), (27, 44), "missed"),
        # z = 1.81 and 1.98
        ((90, 100), (81, 100), "met"),
        ((90, 100), (80, 100), "missed"),
        # The same the other way round: who is the less satisfied does not matter.
        ((80, 100), (90, 100), "missed"),
        ((81, 100), (90, 100), "met"),
        # No difference at all, and no variance to divide by.
        ((50, 50), (40, 40), "met"),
        ((0, 50), (0, 40), "met"),
        ((30, 30), (0, 30), "missed"),
        # 29 answers are too few to tell, whatever they say.
        ((30, 30), (0, 29), "unknown"),
        ((29, 29), (0, 30), "unknown"),
    ],
)
def test_the_gap_is_no_larger_than_chance(white: tuple[int, int], minority: tuple[int, int], state: str) -> None:
    assert said(answers(white, minority), GAP)["norfolk/2025"] == state


def test_who_counts() -> None:
    others = "".join(
        f"\n{group or 'none'} {n} | 2025-06-01 | {group} | {answer}"
        for group, answer in (("not_stated", "false"), ("", "false"), ("minority", ""))
        for n in range(100)
    )
    assert said(answers((90, 100), (81, 100), more=others), GAP)["norfolk/2025"] == "met"
    case = states(answers((90, 100), (81, 100), more=others), GAP)["norfolk/2025"]
    assert case["part"] / case["whole"] == pytest.approx(0.9 - 0.81)


def test_every_year_since_the_first_response_up_to_the_present_one() -> None:
    spec = answers((90, 100), (81, 100), "2023-12-31", "\nlast | 2026-01-02 | white | true")
    assert said(spec, GAP) == {
        "norfolk/2023": "met",
        "norfolk/2024": "unknown",  # nobody was asked
        "norfolk/2025": "unknown",
        "norfolk/2026": "pending",
    }


def test_the_year_is_over_when_the_local_year_is() -> None:
    spec = answers((30, 30), (0, 30))
    assert said(spec, GAP, as_at="2025-12-31 23:59:59.999999") == {"norfolk/2025": "pending"}
    assert said(spec, GAP, as_at="2026-01-01 00:00") == {"norfolk/2025": "missed", "norfolk/2026": "pending"}
    new_york = said(spec, GAP, as_at="2026-01-01 04:59", zone="America/New_York")
    assert new_york == {"norfolk/2025": "pending"}


def test_the_case() -> None:
    case = states(answers((30, 30), (0, 30)), GAP)["norfolk/2025"]
    told = {name: str(case[name]) for name in ("force", "area", "local_day", "covers", "due_at")}
    assert told == {
        "force": "norfolk",
        "area": "",
        "local_day": "2025-01-01",
        "covers": "year",
        "due_at": "2026-01-01 00:00:00",
    }


def test_a_column_not_delivered_cannot_be_judged() -> None:
    for column in ("ethnic_group", "treatment_satisfied"):
        found = states(answers((90, 100), (50, 100)), GAP, lacks={"surveys": [f"surveys.{column}"]})
        assert (found["norfolk/2025"]["state"], found["norfolk/2025"]["unjudgeable"]) == ("unknown", True)
