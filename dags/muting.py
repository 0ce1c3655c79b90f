"""What a backfill changed, kept unsaid: by the backfill itself, or by the night after one that was killed before that.

Which figures those are is said by the run that wrote them. What a night found and could not say is left to a night.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from checks.changes import Change, Reason, Silence
from checks.matching import Matcher
from checks.silencing import StandingSilence
from connectors.store import decisions, read
from dags.look_back import BACKFILL, REASON, input_of
from dags.placing import Placed

Row = Mapping[str, Any]
MUTED_BY = "backfill"


def reasons(conn: Connection) -> dict[str, str]:
    """Why each run that was part of a backfill was made, by its run_id."""
    said = {row["run_id"]: input_of(row) for row in read.run_rows(conn) if row["input_key"]}
    return {run: str(about.get(REASON, "")) for run, about in said.items() if about.get(BACKFILL)}


def muted(placed: Iterable[Placed], why: Mapping[str, str], now: datetime) -> list[Placed]:
    """The changes, those of which the figure was written by a backfill as silenced by it."""
    return [
        replace(each, silence=_silence(why[each.change.figure.run], now)) if is_backfilled(each.change, why) else each
        for each in placed
    ]


def is_backfilled(change: Change, why: Mapping[str, str]) -> bool:
    """Whether a backfill made the change; how a feed stands is no night's nor backfill's doing."""
    return not change.promise.log and change.figure.run in why


def is_muted(placed: Placed) -> bool:
    """Whether a backfill mutes it."""
    return placed.silence is not None and placed.silence.silence_id == MUTED_BY


def _silence(reason: str, now: datetime) -> StandingSilence:
    return StandingSilence(MUTED_BY, Matcher(), reason, MUTED_BY, now, now)


def rows(placed: Sequence[Placed], run_id: str) -> list[dict[str, Any]]:
    """The rows of those changes that a silence or a backfill mutes."""
    return [
        _row(each, run_id) if is_muted(each) else decisions.muted_row(each.change, run_id, each.channel, each.silence)
        for each in placed
        if each.silence
    ]


def _row(placed: Placed, run_id: str) -> dict[str, Any]:
    change, silence = placed.change, placed.silence
    assert silence
    row = decisions.row_of(Silence(change.kind, change.promise, change.figure, Reason.SILENCED), run_id)
    # The end of an episode is its end all the same.
    ended = {"since": change.since, "verdict": "kept", "silence_id": MUTED_BY} if change.closes else {}
    return {**row, **ended, "reason": f"{MUTED_BY}: {silence.reason}"}
