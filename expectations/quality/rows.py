"""Fit to judge? The row rules of a log, put to one chunk of a delivery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import pandas as pd

from checks.errors import UsageError
from checks.logs import DELETED, Kind, Log
from expectations.ask import Answer, ask
from expectations.quality.implausible import INTERVALS
from expectations.quality.results import CRITICAL, RowFailure, RuleResult, rule_result
from expectations.quality.rules import KEY_CONFLICT, READABLE, Rule, rules, seconds, trouble

_TROUBLES = {
    "nonexistent_local_time": (
        "{} is a local time that did not exist, because the clocks went forward over it; expected one "
        "that did, or its offset."
    ),
    "ambiguous_local_time": (
        "{} is a local time that came twice, because the clocks went back; expected its offset, or a "
        "rule of the source that says which of the two is meant."
    ),
}


def fitness(
    log: Log, columns: tuple[str, ...], frame: pd.DataFrame, as_at: datetime, local_date: date
) -> tuple[list[RuleResult], list[RowFailure]]:
    """Put every row rule of `log` to one chunk; return the results, and the rows to be quarantined.

    Args:
        log: the log of `checks.logs.LOGS`.
        columns: the delivered contract columns.
        frame: one row per delivered row. For each column `c`: `c` with NULL for what is empty or unreadable
            (text, month, time: str or object; moment: datetime64[us, UTC]; date: datetime64[us] without zone;
            flag: boolean; count: Int64), and `c__trouble` where a value of it can be unusable (NULL = fine;
            unreadable, nonexistent_local_time or ambiguous_local_time). Beside them `key_conflict` (bool), and
            `deleted__trouble` where the source marks withdrawn records.
        as_at: timezone-aware; an event later than this lies in the future. The instant itself does not.
        local_date: the date at `as_at` where the force is.

    Returns:
        One RuleResult per rule, and one RowFailure per row and critical rule it fails, by position and then
        rule. Warnings only count: their rows are kept. A rule with nothing to look at succeeds and is
        observed "empty".

    Raises:
        UsageError: the frame lacks a column it must have, or `as_at` has no zone.
        PledgeError: GX could not evaluate a rule (a column of a wrong type, say); nothing is then called fit.
    """
    _must_be_complete(log, columns, frame, as_at)
    troubled = frozenset(name for name in (*columns, DELETED) if trouble(name) in frame.columns)
    asked = rules(log, columns, troubled, as_at, local_date)
    prepared = _prepared(log, columns, frame.reset_index(drop=True))
    critical = {rule.name for rule in asked if rule.severity == CRITICAL}
    answers = ask(f"fitness.{log.name}", [rule.expectation for rule in asked], prepared, locate=critical)
    results = [
        rule_result(f"fitness.{log.name}", answers[rule.name], rule.column, rule.severity, rule.sentence)
        for rule in asked
    ]
    return results, _failures(asked, answers, prepared)


def _must_be_complete(log: Log, columns: tuple[str, ...], frame: pd.DataFrame, as_at: datetime) -> None:
    unknown = [name for name in columns if name not in log.by_name]
    absent = [name for name in (*columns, KEY_CONFLICT) if name not in frame.columns]
    if unknown or absent:
        found = f"no column {absent[0]} in the chunk" if absent else f"{unknown[0]} is not a column of the log"
        raise UsageError(f"fitness of {log.name}", found, "the contract's columns and key_conflict", "Add it.")
    if frame[KEY_CONFLICT].isna().any():
        # GX leaves NULL out of a value set: such a row would pass unseen.
        raise UsageError(f"fitness of {log.name}", "NULL in key_conflict", "true or false in every row", "Fill it.")
    if as_at.tzinfo is None:
        raise UsageError(f"fitness of {log.name}", "as_at without a zone", "an instant", "Pass it in UTC.")


def _prepared(log: Log, columns: tuple[str, ...], frame: pd.DataFrame) -> pd.DataFrame:
    derived = {}
    for name in columns:
        # GX compares moments as one array, but dates without a zone value by value: ten times as slow.
        if log.by_name[name].kind is Kind.DATE and pd.api.types.is_datetime64_dtype(frame[name]):
            derived[name] = frame[name].dt.tz_localize("UTC")
    for interval in INTERVALS.get(log.name, ()):
        pair = interval.earlier, interval.later
        if set(pair) <= set(columns):
            derived[seconds(*pair)] = _seconds(frame[interval.earlier], frame[interval.later])
    return frame.assign(**derived)


def _seconds(earlier: pd.Series, later: pd.Series) -> pd.Series:
    if not all(isinstance(moments.dtype, pd.DatetimeTZDtype) for moments in (earlier, later)):
        # Only an all-NULL column may come untyped; the rules on the column itself refuse any other.
        return pd.Series(float("nan"), index=earlier.index)
    took = (later - earlier).dt.total_seconds()
    return took.where(took >= 0)


def _failures(asked: Sequence[Rule], answers: dict[str, Answer], frame: pd.DataFrame) -> list[RowFailure]:
    failures = [
        RowFailure(position, rule.name, _sentence(rule, frame, position))
        for rule in asked
        for position in answers[rule.name].positions
    ]
    return sorted(failures, key=lambda failure: failure.position)


def _sentence(rule: Rule, frame: pd.DataFrame, position: int) -> str:
    if not rule.name.startswith(READABLE):
        return rule.sentence
    worded = _TROUBLES.get(str(frame[trouble(rule.column)].iat[position]))
    return worded.format(rule.column) if worded else rule.sentence
