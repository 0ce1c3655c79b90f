"""GX's answers are read in one place, and four ends can never be mistaken for one another."""

from __future__ import annotations

import great_expectations.expectations as gxe
import pandas as pd
import pytest
from great_expectations.expectations.expectation import Expectation

from checks.errors import PledgeError
from expectations.ask import Answer, Outcome, ask


def at_most(column: str, most: int) -> Expectation:
    return gxe.ExpectColumnValuesToBeBetween(column=column, max_value=most, meta={"rule": f"most:{column}"})


def only(expectation: Expectation, frame: pd.DataFrame, locate: bool = True) -> Answer:
    rule = expectation.meta["rule"]
    return ask("test", [expectation], frame, locate={rule} if locate else ())[rule]


def test_passed_says_how_much_was_looked_at() -> None:
    answer = only(at_most("n", 3), pd.DataFrame({"n": [1, 2, 3]}))
    assert (answer.outcome, answer.examined, answer.unexpected, answer.positions) == (
        Outcome.PASSED,
        3,
        0,
        (),
    )


def test_failed_says_where() -> None:
    answer = only(at_most("n", 3), pd.DataFrame({"n": [4.0, None, 3.0, 5.0]}))
    assert (answer.outcome, answer.examined, answer.unexpected) == (Outcome.FAILED, 3, 2)
    assert answer.positions == (0, 3)


def test_positions_are_complete_beyond_the_twenty_gx_shows() -> None:
    answer = only(at_most("n", 499), pd.DataFrame({"n": range(1000)}))
    assert answer.positions == tuple(range(500, 1000))


def test_positions_only_where_asked_for() -> None:
    answer = only(at_most("n", 0), pd.DataFrame({"n": [1, 2]}), locate=False)
    assert (answer.outcome, answer.unexpected, answer.positions) == (Outcome.FAILED, 2, ())


@pytest.mark.parametrize(
    "frame",
    [pd.DataFrame({"n": pd.Series([], dtype="int64")}), pd.DataFrame({"n": [None, None]}, dtype=object)],
    ids=["no rows", "no values"],
)
def test_nothing_to_look_at_is_empty_and_not_passed(frame: pd.DataFrame) -> None:
    answer = only(at_most("n", 3), frame)
    assert (answer.outcome, answer.examined) == (Outcome.EMPTY, 0)


@pytest.mark.parametrize(
    "frame",
    [pd.DataFrame({"n": ["Smith", "Jones"]}), pd.DataFrame({"other": [1]})],
    ids=["wrong type", "no such column"],
)
def test_an_evaluation_that_raised_is_an_error_and_not_an_answer(frame: pd.DataFrame) -> None:
    with pytest.raises(PledgeError) as raised:
        only(at_most("n", 3), frame)
    assert "most:n" in str(raised.value)
    assert "expect_column_values_to_be_between" in str(raised.value)
    assert "Smith" not in str(raised.value)


def test_one_broken_expectation_spoils_the_whole_answer() -> None:
    with pytest.raises(PledgeError, match="rule most:missing"):
        ask("test", [at_most("n", 3), at_most("missing", 3)], pd.DataFrame({"n": [1]}))


def test_a_rule_about_the_table_is_answered_without_rows() -> None:
    header = gxe.ExpectTableColumnsToMatchSet(column_set=["a", "b"], exact_match=False, meta={"rule": "header"})
    assert only(header, pd.DataFrame({"a": [], "b": [], "c": []})).outcome is Outcome.PASSED
    lacking = only(header, pd.DataFrame({"a": []}), locate=False)
    assert (lacking.outcome, lacking.unexpected) == (Outcome.FAILED, 1)


def test_a_failure_that_cannot_be_located_is_an_error() -> None:
    header = gxe.ExpectTableColumnsToMatchSet(column_set=["a"], exact_match=False, meta={"rule": "header"})
    with pytest.raises(PledgeError, match="without saying where"):
        only(header, pd.DataFrame({"b": [1]}))


def test_one_rule_name_for_two_expectations_is_an_error() -> None:
    with pytest.raises(PledgeError, match="asked twice"):
        ask("test", [at_most("n", 3), at_most("n", 4)], pd.DataFrame({"n": [1]}))


def test_each_frame_is_answered_for_itself() -> None:
    counts = [only(at_most("n", 2), pd.DataFrame({"n": range(rows)})).unexpected for rows in (1, 4, 10, 4, 1)]
    assert counts == [0, 1, 7, 1, 0]


def test_answers_come_in_the_order_asked() -> None:
    frame = pd.DataFrame({name: [1] for name in "zax"})
    assert list(ask("test", [at_most(name, 3) for name in "zax"], frame)) == ["most:z", "most:a", "most:x"]
