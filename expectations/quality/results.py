"""What a door reports: one line per rule, and one per row that a rule set aside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from expectations.ask import Answer, Outcome

CRITICAL, WARNING = "critical", "warning"
EMPTY = Outcome.EMPTY.value


@dataclass(frozen=True)
class RuleResult:
    """One rule over what was examined.

    `expectation` is the GX expectation type, `column` the contract's column ('' for a rule about the whole);
    `observed` is for people ("3 of 200", or "empty" when there was nothing to look at); `unexpected` counts
    what failed among the `examined` values; `detail` is a plain sentence, '' when there is nothing to say.
    """

    suite: str
    expectation: str
    rule: str
    column: str
    severity: str
    success: bool
    observed: str
    unexpected: int
    detail: str
    examined: int = 0


@dataclass(frozen=True)
class RowFailure:
    """A row to be quarantined: its position in the frame, the rule, and a sentence without any value."""

    position: int
    rule: str
    sentence: str


def rule_result(suite: str, answer: Answer, column: str, severity: str, sentence: str) -> RuleResult:
    """Word an answer about rows; a rule with nothing to look at is not broken, and says "empty"."""
    success = answer.outcome is not Outcome.FAILED
    return RuleResult(
        suite,
        answer.expectation,
        answer.rule,
        column,
        severity,
        success,
        _observed(answer.unexpected, answer.examined),
        answer.unexpected,
        "" if success else sentence,
        answer.examined,
    )


def merged(results: Iterable[RuleResult]) -> list[RuleResult]:
    """Add up the chunks of one delivery: one result per suite and rule, in order of appearance."""
    sums: dict[tuple[str, str], RuleResult] = {}
    for result in results:
        key = (result.suite, result.rule)
        sums[key] = _added(sums[key], result) if key in sums else result
    return list(sums.values())


def _added(one: RuleResult, other: RuleResult) -> RuleResult:
    unexpected, examined = one.unexpected + other.unexpected, one.examined + other.examined
    return replace(
        one,
        success=one.success and other.success,
        observed=_observed(unexpected, examined),
        unexpected=unexpected,
        examined=examined,
        detail=one.detail or other.detail,
    )


def _observed(unexpected: int, examined: int) -> str:
    return f"{unexpected} of {examined}" if examined else EMPTY
