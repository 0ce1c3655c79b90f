"""Asks Great Expectations (GX), and is the only file that reads its results.

GX by itself passes empty data and columns without a value, and reports a crash as a plain failure. So every
question asked here has one of four ends that cannot be mistaken for each other: passed, failed (where), empty
(there was nothing to look at), or a PledgeError because the evaluation itself broke down.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from threading import Lock
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.expectation import Expectation

from checks.errors import PledgeError

_COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}
_PLACES = {"result_format": "COMPLETE", "partial_unexpected_count": 0, "exclude_unexpected_values": True}

# GX copies every column of a frame for each rule that leaves rows out, and hashes all of them for each frame: it is
# handed only the columns its rules name, these many together.
_COLUMNS_TOGETHER = 4

# One context, and with it one execution engine, serves the whole process: its batches must not interleave.
_one_at_a_time = Lock()


class Outcome(StrEnum):
    """How a question that was answered ended."""

    PASSED = "passed"
    FAILED = "failed"
    EMPTY = "empty"


@dataclass(frozen=True)
class Answer:
    """What GX found about one rule.

    `examined` rows or values were looked at, `unexpected` of them failed; `positions` are the failing rows
    counted from 0 in the frame, filled only where they were asked for. A rule about the table itself examines
    1.
    """

    rule: str
    expectation: str
    outcome: Outcome
    examined: int
    unexpected: int
    positions: tuple[int, ...] = ()


def ask(
    suite: str, expectations: Sequence[Expectation], frame: pd.DataFrame, locate: Collection[str] = ()
) -> dict[str, Answer]:
    """Put every expectation to the frame; return the answers by rule name, in the order asked.

    Each expectation carries its rule's name in `meta["rule"]`. `frame` has a default RangeIndex. `locate`
    names the rules whose failing positions are wanted: only they are evaluated a second time, and only when
    they failed.

    Raises:
        PledgeError: an expectation could not be evaluated (a wrong type, a missing column) or was left out.
    """
    answers = _answers_in_parts(suite, expectations, frame, _COUNTS)
    failed = [e for e in expectations if _rule(e) in locate and answers[_rule(e)].outcome is Outcome.FAILED]
    if failed:
        answers |= _answers_in_parts(suite, failed, frame, _PLACES)
    for rule in map(_rule, failed):
        if len(answers[rule].positions) != answers[rule].unexpected:
            raise _not_evaluated(suite, rule, "it failed without saying where")
    return {_rule(expectation): answers[_rule(expectation)] for expectation in expectations}


def _rule(expectation: Expectation) -> str:
    return str((expectation.meta or {})["rule"])


@cache
def _whole_frame() -> BatchDefinition:
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole")


def _answers_in_parts(
    suite: str, expectations: Sequence[Expectation], frame: pd.DataFrame, result_format: dict[str, Any]
) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    for part, columns in _parts(expectations, frame):
        answers |= _answers(suite, part, frame[columns], result_format)
    if len(answers) != len(expectations):
        raise _not_evaluated(suite, "a rule asked twice", "gave no answer of its own")
    return answers


def _parts(expectations: Sequence[Expectation], frame: pd.DataFrame) -> Iterator[tuple[list[Expectation], list[str]]]:
    """The expectations in order, few columns at a time; one that names no column is about all of them."""
    part: list[Expectation] = []
    together: set[str] = set()
    for expectation in expectations:
        named = _named(expectation) or set(frame.columns)
        if part and len(together | named) > _COLUMNS_TOGETHER:
            yield part, [name for name in frame.columns if name in together]
            part, together = [], set()
        part.append(expectation)
        together |= named
    if part:
        yield part, [name for name in frame.columns if name in together]


def _named(expectation: Expectation) -> set[str]:
    """The columns a rule about rows reads; none where it is of another kind."""
    named = {
        str(getattr(expectation, name)) for name in ("column", "column_A", "column_B") if hasattr(expectation, name)
    }
    condition = getattr(expectation, "row_condition", None)
    return named | ({condition.column.name} if condition is not None and named else set())


def _answers(
    suite: str, expectations: Sequence[Expectation], frame: pd.DataFrame, result_format: dict[str, Any]
) -> dict[str, Answer]:
    asked = gx.ExpectationSuite(name=suite, expectations=list(expectations))
    with _one_at_a_time:
        batch = _whole_frame().get_batch({"dataframe": frame})
        results = batch.validate(asked, result_format=result_format).results
    answers = {answer.rule: answer for answer in (_answer(suite, result) for result in results)}
    unanswered = [rule for rule in map(_rule, expectations) if rule not in answers]
    if unanswered or len(answers) != len(expectations):
        raise _not_evaluated(suite, unanswered[0] if unanswered else "a rule asked twice", "gave no answer of its own")
    return answers


def _answer(suite: str, result: ExpectationValidationResult) -> Answer:
    configuration = result.expectation_config
    assert configuration is not None  # GX always hands back what it was asked
    rule, found = str((configuration.meta or {})["rule"]), result.result
    raised = _raised(result)
    if raised or result.success not in (True, False):
        raise _not_evaluated(suite, rule, f"{configuration.type} raised {raised or 'no verdict'}")
    answer = Answer(rule, configuration.type, Outcome.PASSED if result.success else Outcome.FAILED, 1, 0)
    if "element_count" not in found:
        return replace(answer, unexpected=0 if result.success else 1)
    examined = int(found["element_count"]) - int(found.get("missing_count") or 0)
    unexpected = int(found["unexpected_count"])
    if bool(unexpected) is bool(result.success):
        raise _not_evaluated(suite, rule, f"{configuration.type} contradicts its own count")
    outcome = answer.outcome if examined else Outcome.EMPTY
    positions = tuple(int(position) for position in found.get("unexpected_index_list") or ())
    return replace(answer, outcome=outcome, examined=examined, unexpected=unexpected, positions=positions)


def _raised(result: ExpectationValidationResult) -> str:
    """Name the exception's class; its message may quote a value and is not repeated."""
    info = result.exception_info or {}
    # Flat where the expectation failed to evaluate, one entry per metric where a metric did.
    entries = [info] if "raised_exception" in info else list(info.values())
    for entry in entries:
        if entry.get("raised_exception"):
            last_line = (entry.get("exception_traceback") or "").strip().rpartition("\n")[2]
            name = last_line.partition(":")[0].rpartition(".")[2]
            return name if name.isidentifier() else "an exception"
    return ""


def _not_evaluated(suite: str, rule: str, found: str) -> PledgeError:
    return PledgeError(
        f"{suite}, rule {rule}",
        f"the expectation was not evaluated: {found}",
        "an answer, passed or failed",
        "Nothing was judged by it; check that the column holds the type of checks/logs.py.",
    )
