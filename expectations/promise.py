"""The second door, *kept often enough?*: one GX expectation per measure over its table of judged figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import great_expectations.expectations as gxe
import numpy as np
import pandas as pd
from great_expectations.expectations.metadata_types import FailureSeverity

from checks.errors import UsageError
from checks.verdict import Verdict
from expectations.ask import Answer, Outcome, ask
from expectations.quality.results import CRITICAL, EMPTY, RuleResult

SURPLUS = "surplus"
COUNTS = ("numerator", "denominator", "target_numerator", "target_denominator")
FLAGS = ("period_open", "judgeable", "has_target")
NEEDED = (*COUNTS, "minimum_n", "pending", *FLAGS)
_INT64 = np.iinfo(np.int64)


def verdicts(standard: str, measure: str, figures: pd.DataFrame) -> tuple[list[str], RuleResult]:
    """Return one verdict per figure, aligned with the rows, and what GX said of those that were judged.

    Args:
        figures: one row per figure of this measure. Integers: `numerator` (met), `denominator` (met + missed,
            and unknown where the definition counts them), `target_numerator`, `target_denominator`,
            `minimum_n`, `pending`. Booleans: `period_open`, `judgeable` (log and columns there and fit),
            `has_target`. Target and minimum may be NULL where there is no target.

    cannot_judge, in_progress, no_target and too_few are settled first, in this order. GX decides between kept
    and missed, in integers: numerator x target_denominator - target_numerator x denominator >= 0. When no
    figure is left to be judged GX is not asked: the result is observed "empty" and is no success, for nothing
    was kept.

    Raises:
        UsageError: a column is missing, or a figure lacks a number it needs.
        PledgeError: GX could not evaluate the expectation; no figure is then called kept.
    """
    said = _settled(measure, figures)
    to_judge = np.flatnonzero(said == "")
    if not to_judge.size:
        return said.tolist(), _empty(standard, measure, said)
    answer = _asked(standard, measure, _surplus(measure, figures.iloc[to_judge]))
    said[to_judge] = Verdict.KEPT.value
    said[to_judge[list(answer.positions)]] = Verdict.MISSED.value
    return said.tolist(), _result(standard, measure, answer)


def depends_on_unknown(figures: pd.DataFrame, verdicts: Sequence[str]) -> list[bool]:
    """Say of each figure whether counting its unknown cases as missed turns kept into missed.

    `figures` is that of `verdicts()` with an integer column `unknown`: the unknown cases that are *not*
    already in the denominator (0 where the definition counts them there).
    """
    kept = np.array([verdict == Verdict.KEPT for verdict in verdicts], dtype=bool)
    flips = np.zeros(len(figures), dtype=bool)
    if kept.any():
        judged = figures.loc[kept]
        pessimistic = _counts("depends_on_unknown", judged, "denominator")
        pessimistic += _counts("depends_on_unknown", judged, "unknown")
        flips[kept] = _surplus("depends_on_unknown", judged.assign(denominator=pessimistic)) < 0
    return flips.tolist()


def _settled(measure: str, figures: pd.DataFrame) -> np.ndarray:
    """The verdicts that need no comparison with the target; '' for the figures that do."""
    absent = [column for column in NEEDED if column not in figures.columns]
    if absent or figures[list(FLAGS)].isna().to_numpy().any():
        found = f"no column {absent[0]}" if absent else f"NULL in one of {', '.join(FLAGS)}"
        raise UsageError(f"figures of {measure}", found, "every column, flags true or false", "Fill it.")
    period_open, judgeable, has_target = (figures[flag].to_numpy(dtype=bool) for flag in FLAGS)
    in_progress = period_open | (_counts(measure, figures, "pending") > 0).astype(bool)
    compared = judgeable & ~in_progress & has_target
    cases = _counts(measure, figures.loc[compared], "denominator")
    minimum = _counts(measure, figures.loc[compared], "minimum_n")
    said = np.full(len(figures), "", dtype=object)
    said[compared] = np.where(((cases < minimum) | (cases == 0)).astype(bool), Verdict.TOO_FEW.value, "")
    said[~has_target] = Verdict.NO_TARGET.value
    said[in_progress] = Verdict.IN_PROGRESS.value
    said[~judgeable] = Verdict.CANNOT_JUDGE.value
    return said


def _asked(standard: str, measure: str, surplus: np.ndarray) -> Answer:
    expectation = gxe.ExpectColumnValuesToBeBetween(
        column=SURPLUS,
        min_value=0,
        severity=FailureSeverity.CRITICAL,
        meta={"rule": measure, "standard": standard},
    )
    return ask(_suite(standard), [expectation], pd.DataFrame({SURPLUS: surplus}), locate={measure})[measure]


def _surplus(measure: str, figures: pd.DataFrame) -> np.ndarray:
    """How far the figures are above their target, in integers; only the sign decides, so the ends are cut."""
    met, of, target, parts = (_counts(measure, figures, column) for column in COUNTS)
    return np.clip(met * parts - target * of, _INT64.min, _INT64.max).astype(np.int64)


def _counts(measure: str, figures: pd.DataFrame, column: str) -> np.ndarray:
    """Python integers: they have no largest value to overflow at."""
    whole = np.full(len(figures), 0, dtype=object)
    for row, count in enumerate(figures[column].tolist()):
        if pd.isna(count) or count != count // 1:
            raise UsageError(
                f"figures of {measure}", f"{column} has no whole number in a figure", "a count", "Fill it."
            )
        whole[row] = int(count)
    return whole


def _suite(standard: str) -> str:
    return f"promise.{standard}"


def _result(standard: str, measure: str, answer: Answer) -> RuleResult:
    kept, observed = answer.outcome is Outcome.PASSED, f"{answer.unexpected} of {answer.examined}"
    return RuleResult(
        _suite(standard),
        answer.expectation,
        measure,
        SURPLUS,
        CRITICAL,
        kept,
        observed,
        answer.unexpected,
        "" if kept else f"{measure} missed its target in {observed} judged figures.",
        answer.examined,
    )


def _empty(standard: str, measure: str, said: np.ndarray) -> RuleResult:
    counted = ", ".join(f"{count} {verdict}" for verdict, count in sorted(Counter(said.tolist()).items()))
    detail = f"No figure of {measure} was to be compared with a target: {counted or 'there is none'}."
    expectation = gxe.ExpectColumnValuesToBeBetween.expectation_type
    return RuleResult(_suite(standard), expectation, measure, SURPLUS, CRITICAL, False, EMPTY, 0, detail)
