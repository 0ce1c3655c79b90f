"""Who the neighbourhood team is and how to work with it: rows in, states out."""

from __future__ import annotations

import pytest

from checks.standard import Rule
from tests.checks.commitments.cases import said
from tests.spec import check, rule, states

CONTENTS = ("officers_named", "contact_methods", "base_given", "how_to_work_given")


def published() -> Rule:
    return rule("team_published", target=100)


def test_all_four_and_nothing_less() -> None:
    spec = """
team_pages
neighbourhood | checked_at | officers_named | contact_methods | base_given | how_to_work_given
all           | 12:00:00   | 1              | 1               | true       | true
plenty        | 12:00:00   | 12             | 3               | true       | true
nobody        | 12:00:00   | 0              | 1               | true       | true
no_way        | 12:00:00   | 1              | 0               | true       | true
no_base       | 12:00:00   | 1              | 1               | false      | true
no_how        | 12:00:00   | 1              | 1               | true       | false
empty_officers | 12:00:00  |                | 1               | true       | true
empty_contact | 12:00:00   | 1              |                 | true       | true
empty_base    | 12:00:00   | 1              | 1               |            | true
empty_how     | 12:00:00   | 1              | 1               | true       |
"""
    found = {case.partition("/")[0]: state for case, state in said(spec, published()).items()}
    missed = "nobody no_way no_base no_how empty_officers empty_contact empty_base empty_how".split()
    assert found == {"all": "met", "plenty": "met", **dict.fromkeys(missed, "missed")}


def test_each_check_is_a_case_of_its_local_day_also_when_the_clocks_change() -> None:
    check(
        """
        team_pages
        case                       | neighbourhood | checked_at             | => state | local_day
        N1/2025-10-25T23:30:00Z    | N1            | 2025-10-25T23:30:00Z   | missed   | 2025-10-26
        N1/2025-10-26T23:30:00Z    | N1            | 2025-10-26T23:30:00Z   | missed   | 2025-10-26
        N1/2026-01-14T12:00:00.25Z | N1            | 2026-01-14 12:00:00.25 | missed   | 2026-01-14
        """,
        published(),
    )


def test_its_area_is_known_where_the_neighbourhood_is() -> None:
    spec = """
neighbourhoods
neighbourhood | area | active_from
N1            | A1   | 2020-01-01

team_pages
neighbourhood | checked_at
N1            | 12:00:00
N2            | 12:00:00
N2            | 2026-02-01 12:00:00
"""
    found = {case["neighbourhood"]: case["area"] for case in states(spec, published()).values()}
    assert found == {"N1": "A1", "N2": ""}
    # The check of February has not been made yet.
    assert said(spec, published()) == dict.fromkeys(("N1/2026-01-14T12:00:00Z", "N2/2026-01-14T12:00:00Z"), "missed")


@pytest.mark.parametrize("column", CONTENTS)
def test_a_column_not_delivered_cannot_be_judged(column: str) -> None:
    spec = """
team_pages
neighbourhood | checked_at
N1            | 12:00:00
"""
    [case] = states(spec, published(), lacks={"team_pages": [f"team_pages.{column}"]}).values()
    assert (case["state"], case["unjudgeable"]) == ("unknown", True)
