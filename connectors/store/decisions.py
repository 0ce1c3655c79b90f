"""Decisions in the store: every one is a row of `announcements`, those that are not said with the reason why.

A row's key is made of what was decided, never of the run, so that a second run adds nothing. Names of areas come
from a force's own system: in a key, which travels to Slack, one that is no plain word stands as its hash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, or_, select, update

from checks.changes import ANSWERABLE, Change, Decision, Kind, Promise, Reason, Said, Silence
from checks.errors import NotAnsweringError, PledgeError
from checks.silencing import StandingSilence
from connectors.slack.answers import subjects, with_answers
from connectors.slack.blocks import Line, Message, revised
from connectors.slack.send import Slack
from connectors.store import explaining
from connectors.store.announcements import log
from connectors.store.engine import reading
from connectors.store.tables import announcements, runs, verdicts
from connectors.store.write import run_number

PROMISE = ("standard", "measure", "force", "area", "period", "log")
NOWHERE = "-"
"""Stands for the channel in the key of what is not said."""
PUSHES = 5
"""How often a message is edited again because an answer came meanwhile."""


def key_of(decision: Decision) -> str:
    """The decision's name, the same whatever run makes it; with its channel before it, the row's key."""
    about = [*(_part(getattr(decision.promise, name)) for name in PROMISE if getattr(decision.promise, name))]
    if not decision.promise.area and not decision.promise.log:
        about.insert(-1, "-")  # so that no area can be taken for the force as a whole
    day = decision.since if decision.promise.log and isinstance(decision, Change) else decision.figure.period_start
    name = "/".join([decision.kind.value, *about, day.isoformat()])
    if decision.kind is Kind.RESTATED:
        name += f"/{_part(decision.figure.run)}"
    return f"{decision.reason.value}/{name}" if isinstance(decision, Silence) else name


def _part(name: str) -> str:
    return name if re.fullmatch(r"[a-z][a-z_0-9-]{0,39}", name) else hashlib.sha256(name.encode()).hexdigest()[:12]


def row_of(decision: Decision, run_id: str, channel: str = "", said_in: str = "") -> dict[str, Any]:
    """The row of one decision: a line of the message `said_in`, or a silence."""
    promise, is_said = decision.promise, isinstance(decision, Change)
    key = f"{channel if is_said else NOWHERE}/{key_of(decision)}"
    reason = decision.detail and f"{decision.reason}: {decision.detail}" if isinstance(decision, Silence) else ""
    return {
        "key": key,
        "kind": decision.kind.value,
        "channel": channel if is_said else "",
        "state": "claimed" if is_said else "suppressed",
        "reason": reason or ("" if isinstance(decision, Change) else decision.reason.value),
        **{name: getattr(promise, name) for name in (*PROMISE, "commitment", "severity")},
        "period_start": decision.figure.period_start,
        "since": decision.since if isinstance(decision, Change) and _is_story(decision) else None,
        "verdict": "kept" if isinstance(decision, Change) and decision.closes else decision.figure.verdict,
        "run_id": run_id,
        "said_in": said_in,
    }


def muted_row(change: Change, run_id: str, channel: str, silence: StandingSilence) -> dict[str, Any]:
    """The row of what a standing silence mutes: an opening is as if never decided, an end is the end all the same."""
    row = row_of(Silence(change.kind, change.promise, change.figure, Reason.SILENCED), run_id)
    why = f"silenced by {silence.author}: {silence.reason}"
    story = {"since": change.since, "verdict": "kept"} if change.closes else {}
    return {**row, **story, "reason": why, "channel": channel, "silence_id": silence.silence_id}


def _is_story(change: Change) -> bool:
    return change.kind is not Kind.RESTATED or change.closes


def newest_said(conn: Connection) -> dict[tuple[str, ...], Said]:
    """The newest announcement of each promise's story, by the values of PROMISE; also the end that a silence muted."""
    table = announcements.c
    story = and_(
        or_(table.state != "suppressed", table.silence_id != ""),
        table.since.is_not(None),
        table.period_start.is_not(None),
    )
    age = func.row_number().over(
        partition_by=[table[name] for name in PROMISE], order_by=(table.created_at.desc(), table.key)
    )
    aged = select(announcements, age.label("age")).where(story).subquery()
    rows = conn.execute(select(aged).where(aged.c.age == 1)).mappings()
    return {tuple(row[name] for name in PROMISE): _said(row) for row in rows}


def _said(row: Mapping[Any, Any]) -> Said:
    kind = Kind.KEPT_AGAIN if row["kind"] == Kind.RESTATED else Kind(row["kind"])
    return Said(kind, row["period_start"], row["since"])


def said_keys(conn: Connection, keys: Iterable[str]) -> set[str]:
    """Those of the keys that have a row, whatever became of it."""
    asked = list(keys)
    found: set[str] = set()
    for start in range(0, len(asked), 500):
        chosen = select(announcements.c.key).where(announcements.c.key.in_(asked[start : start + 500]))
        found.update(conn.scalars(chosen))
    return found


def said_changes(conn: Connection, changes: Sequence[Change]) -> set[str]:
    """The names (`key_of`) of those changes that have a row in whatever channel: routes may send a later run elsewhere,
    but nothing is said twice because of it. What a silence muted was not said."""
    table = announcements.c
    days = sorted({change.figure.period_start for change in changes})
    wanted = {key_of(change) for change in changes}
    asked = select(table.key).where(table.state != "suppressed")
    found: set[str] = set()
    for start in range(0, len(days), 500):
        near = or_(table.period_start.in_(days[start : start + 500]), table.log != "")
        found.update(key.partition("/")[2] for key in conn.scalars(asked.where(near)))
    return found & wanted


def decided_run(conn: Connection, before: int) -> int:
    """The number of the newest run before this one whose changes were decided; 0 = none was."""
    decided = select(func.max(runs.c.run_number)).join(announcements, announcements.c.run_id == runs.c.run_id)
    return conn.scalar(decided.where(announcements.c.kind == "digest", runs.c.run_number < before)) or 0


def has_undecided(conn: Connection, run_id: str) -> bool:
    """Whether figures were written, up to this run, since changes were last decided."""
    number = run_number(conn, run_id)
    written = verdicts.c.run_number > decided_run(conn, number + 1), verdicts.c.run_number <= number
    return conn.execute(select(verdicts.c.run_id).where(*written).limit(1)).first() is not None


def standing(conn: Connection, promise: Promise, since: Any) -> Sequence[Any]:
    """The announcements that opened an episode and have not been resolved: (key, said_in, channel), one a channel."""
    table = announcements.c
    about = [table[name] == getattr(promise, name) for name in PROMISE]
    opened = table.kind.in_((Kind.FIRST_MISS.value, Kind.CANNOT_JUDGE.value))
    still = and_(table.since == since, table.state != "suppressed", table.resolved_at.is_(None))
    return conn.execute(select(table.key, table.said_in, table.channel).where(*about, opened, still)).all()


def resolve(conn: Connection, keys: Sequence[str], now: datetime) -> None:
    """Note when the episodes that these announcements opened came to their end."""
    conn.execute(update(announcements).where(announcements.c.key.in_(keys)).values(resolved_at=now))


def revise(conn: Connection, message_key: str, line: Line) -> None:
    """Let the line of a standing message say something else; `push_edits` then tells Slack."""
    table = announcements.c
    row = conn.execute(select(announcements).where(table.key == message_key)).mappings().first()
    if row is None or row["state"] == "suppressed":
        return
    before = _message(row)
    after = revised(before, line)
    if after != before:
        changed = {"payload": after.as_json(), "edit_due": True}
        conn.execute(update(announcements).where(table.key == message_key).values(changed))


def push_edits(engine: Engine, slack: Slack) -> int:
    """Tell Slack of the standing messages that say something else now; returns how many. Never raises because of it.

    An edit may be pushed twice, by two runs or after a crash: it ends the same.
    """
    table, pushed = announcements.c, 0
    due = select(announcements).where(table.edit_due, table.state == "sent").order_by(table.created_at, table.key)
    with engine.connect() as conn:
        conn.execution_options(reading=True)
        rows = conn.execute(due).mappings().all()
    for row in rows:
        payload, failure = _push(engine, slack, row)
        if isinstance(failure, NotAnsweringError):
            return pushed
        # Revised again while it was pushed: what Slack shows may be the older one, so it stays due.
        same = table.payload == payload
        with engine.begin() as conn:
            done = update(announcements).where(table.key == row["key"])
            conn.execute(done.where(same).values(edit_due=False, last_error=str(failure or "")))
            conn.execute(done.where(~same).values(edit_due=True))
        pushed += failure is None
    return pushed


def _push(engine: Engine, slack: Slack, row: Mapping[Any, Any]) -> tuple[str, PledgeError | None]:
    """Edit until Slack was last told what the store says: whoever listens for answers edits, too.

    Returns the wording that was told, and what kept it from being told.
    """
    told, payload = None, row["payload"]
    for _ in range(PUSHES):
        with reading(engine) as conn:
            now = conn.execute(select(announcements).where(announcements.c.key == row["key"])).mappings().one()
            message = as_shown(conn, now)
        if message == told:
            break
        payload = now["payload"]
        try:
            slack.update(now["channel"], now["slack_ts"], message)
        except PledgeError as failure:
            log.warning("announcement %s not edited: %s", row["key"], failure)
            return payload, failure
        told = message
    return payload, None


def as_shown(conn: Connection, row: Mapping[Any, Any]) -> Message:
    """The message of a row as it has to stand in its channel: its wording, and what was answered to its lines."""
    said = _message(row)
    return with_answers(said, explaining.answers(conn, [one.place for one in subjects(said.blocks)]))


def can_be_answered() -> ColumnElement[bool]:
    """The rows of `announcements` that are lines with buttons: those of a promise and a local day."""
    table = announcements.c
    return and_(table.kind.in_([kind.value for kind in ANSWERABLE]), table.measure != "", table.period == "day")


def _message(row: Mapping[Any, Any]) -> Message:
    key = row["key"].removeprefix(f"{row['channel']}/")
    return Message.from_json(row["kind"], key, row["payload"])
