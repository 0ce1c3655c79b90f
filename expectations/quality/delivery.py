"""Fit to judge? The rules about a delivery as a whole; one that breaks any of them is unfit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity

from checks.errors import UsageError
from checks.logs import Log
from expectations.ask import Outcome, ask
from expectations.quality.results import CRITICAL, RuleResult

# Unfit = more than 5 % and more than 20 rows quarantined.
QUARANTINED_ROWS, QUARANTINED_ONE_IN = 20, 20
# Fewer earlier deliveries than this say nothing about what is usual.
EARLIER_DELIVERIES = 8
# Usual = between half the smallest and twice the largest of the earlier deliveries.
USUAL_FACTOR = 2
STATED = ("max_age_hours", "min_rows", "max_rows", "may_be_empty")


@dataclass(frozen=True, eq=False)
class _Rule:
    name: str
    observed: str
    sentence: str
    expectation: Expectation


def delivery_fitness(
    log: Log,
    columns: Sequence[str],
    rows_read: int,
    rows_quarantined: int,
    earlier_counts: Sequence[int] = (),
    expected: Mapping[str, object] | None = None,
    age_hours: float | None = None,
    earlier_gaps_hours: Sequence[float] = (),
) -> list[RuleResult]:
    """Judge one delivery as a whole; it is fit when every result succeeds, else the `detail`s say why not.

    Args:
        columns: the contract columns it brought.
        rows_read: its rows, blank lines left out; `rows_quarantined` of them were set aside.
        earlier_counts: rows of the same source's earlier deliveries.
        expected: what the source's description states: `max_age_hours`, `min_rows`, `max_rows` (numbers) and
            `may_be_empty` (true or false). A stated expectation wins over what is usual.
        age_hours: hours since it was made; None where its age is nobody's business (`--input`).
        earlier_gaps_hours: hours between one earlier delivery and the next.

    Age, count and emptiness are judged only where stated or where 8 earlier deliveries (or gaps) exist; a
    rule that was not judged has no result.

    Raises:
        UsageError: `expected` holds something else.
        PledgeError: GX could not evaluate a rule.
    """
    stated = _stated(log, expected)
    figures = {"rows_read": [rows_read], "rows_quarantined": [rows_quarantined]}
    frame = pd.DataFrame({**dict.fromkeys(columns), **figures, "age_hours": [age_hours]})
    asked = [_header(log, columns), _quarantined(rows_read, rows_quarantined)]
    asked += _emptiness(rows_read, earlier_counts, stated)
    asked += _count(rows_read, earlier_counts, stated)
    asked += _freshness(age_hours, earlier_gaps_hours, stated)
    suite = f"delivery.{log.name}"
    answers = ask(suite, [rule.expectation for rule in asked], frame)
    return [_result(suite, rule, answers[rule.name].outcome, answers[rule.name].expectation) for rule in asked]


def _result(suite: str, rule: _Rule, outcome: Outcome, expectation: str) -> RuleResult:
    # Each rule looks at one figure that is there: "empty" would mean it was not judged after all.
    success = outcome is Outcome.PASSED
    detail = "" if success else rule.sentence
    return RuleResult(
        suite, expectation, rule.name, "", CRITICAL, success, rule.observed, 0 if success else 1, detail, 1
    )


def _stated(log: Log, expected: Mapping[str, object] | None) -> dict[str, float]:
    stated: dict[str, float] = {}
    for key, value in (expected or {}).items():
        kind = bool if key == "may_be_empty" else (int, float)
        if key not in STATED or not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise UsageError(
                f"expected: in a source of {log.name}",
                f"{key} is not known, or its value is of a wrong kind",
                "max_age_hours, min_rows or max_rows with a number, or may_be_empty with true or false",
                "Correct the description.",
            )
        stated[key] = float(value)
    return stated


def _header(log: Log, columns: Sequence[str]) -> _Rule:
    absent = [name for name in log.required if name not in columns]
    expectation = gxe.ExpectTableColumnsToMatchSet(
        column_set=list(log.required),
        exact_match=False,
        severity=FailureSeverity.CRITICAL,
        meta={"rule": "header"},
    )
    sentence = f"The header lacks {', '.join(absent)}; every delivery of {log.name} must have it."
    return _Rule("header", f"{len(absent)} required columns absent", sentence, expectation)


def _quarantined(rows_read: int, rows_quarantined: int) -> _Rule:
    limit = max(QUARANTINED_ROWS, rows_read // QUARANTINED_ONE_IN)
    sentence = (
        f"{rows_quarantined} of {rows_read} rows were quarantined; more than {QUARANTINED_ROWS} rows and "
        f"more than {100 // QUARANTINED_ONE_IN} % cannot be left out of a fair judgement."
    )
    return _between("quarantined", "rows_quarantined", f"{rows_quarantined} of {rows_read}", sentence, most=limit)


def _emptiness(rows_read: int, earlier: Sequence[int], stated: Mapping[str, float]) -> Iterator[_Rule]:
    usual = len(earlier) >= EARLIER_DELIVERIES and median(earlier) > 0
    if not stated.get("may_be_empty", not usual):
        said = "stated by the source" if "may_be_empty" in stated else "as it usually does"
        sentence = f"The delivery is empty; it should bring rows, {said}."
        yield _between("not_empty", "rows_read", f"{rows_read} rows", sentence, least=1)


def _count(rows_read: int, earlier: Sequence[int], stated: Mapping[str, float]) -> Iterator[_Rule]:
    least, most = stated.get("min_rows"), stated.get("max_rows")
    if least is None and most is None and len(earlier) >= EARLIER_DELIVERIES:
        least, most = min(earlier) // USUAL_FACTOR, max(earlier) * USUAL_FACTOR
    if least is None and most is None:
        return
    wanted = " and ".join([f"at least {least:g}"] * (least is not None) + [f"at most {most:g}"] * (most is not None))
    sentence = f"The delivery has {rows_read} rows; expected {wanted}."
    yield _between("row_count", "rows_read", f"{rows_read} rows", sentence, least, most)


def _freshness(age: float | None, gaps: Sequence[float], stated: Mapping[str, float]) -> Iterator[_Rule]:
    oldest = stated.get("max_age_hours")
    if oldest is None and len(gaps) >= EARLIER_DELIVERIES:
        oldest = max(gaps) * USUAL_FACTOR
    if oldest is None or age is None:
        return
    sentence = f"The delivery is {age:.1f} hours old; expected at most {oldest:g}."
    yield _between("freshness", "age_hours", f"{age:.1f} hours", sentence, most=oldest)


def _between(
    name: str,
    figure: str,
    observed: str,
    sentence: str,
    least: float | None = None,
    most: float | None = None,
) -> _Rule:
    expectation = gxe.ExpectColumnValuesToBeBetween(
        column=figure, min_value=least, max_value=most, severity=FailureSeverity.CRITICAL, meta={"rule": name}
    )
    return _Rule(name, observed, sentence, expectation)
