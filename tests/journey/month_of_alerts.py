"""A month of nights over invented logs with planted events: judged each night, decided and said to a local Slack.

Every night judges its last days anew as at its own 06:00, by the product's SQL, doors and charts, and records what
changed. What a full run does besides (cases kept, breaches, findings, seals) says nothing on Slack: it is left out,
or 30 nights would take ten minutes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Engine

from checks.commitment import measures
from checks.database import connect
from checks.feeds import Feeds
from checks.judging import judge, prepare
from connectors.settings import Settings
from connectors.slack.send import Slack
from connectors.sources.invented import invent
from connectors.store.engine import open_store
from connectors.store.figures import record_commitments, record_figures
from connectors.store.write import finish_run
from dags import comparing, recording, steps
from dags.alerting import alert
from dags.plan import Plan, applied, chosen_standards, new_plan, zones
from tests.slack_server import SlackServer

FORCE, CHANNEL = "norfolk", "C0123456789"
SEED = int(os.environ.get("PLEDGE_CHAOS_SEED", "1"))
LAST = date(2026, 4, 30)
HISTORY, NIGHTS, LOOKED_AT = 90, 30, 3
LOGS = ("calls", "incidents", "neighbourhoods")
JUDGED = (
    "answer_999", "answer_non_emergency", "attend_emergency", "attend_priority", "attend_vulnerable", "eta_emergency",
    "eta_non_emergency", "advice_given",
)  # fmt: skip


@dataclass(frozen=True)
class Event:
    """What was planted: a measure of the force (`area` '' = all of it) that goes badly on these local days."""

    name: str
    measure: str
    first: date
    last: date
    area: str = ""

    def touches(self, measure: str, day: date) -> bool:
        return measure == self.measure and self.first <= day <= self.last


EVENTS = (
    Event("a week in which 999 calls wait (invented)", "answer_999", date(2026, 4, 10), date(2026, 4, 16)),
    Event("a day on which 101 is slow", "answer_non_emergency", date(2026, 4, 18), date(2026, 4, 18)),
    Event("three days of late emergencies", "attend_emergency", date(2026, 4, 24), date(2026, 4, 26), "Central"),
    Event("two days without advice", "advice_given", date(2026, 4, 27), date(2026, 4, 28)),
)


def plant(folder: Path) -> None:
    """Write the events into the invented files (the slow 999 week is there already)."""
    calls = pd.read_csv(folder / "calls.csv", dtype=str, keep_default_na=False)
    slow = (calls["line"] == "101") & _on(calls["received_at"], EVENTS[1]) & (calls.index % 3 == 0)
    _later(calls, slow, "answered_at", timedelta(seconds=90))
    calls.to_csv(folder / "calls.csv", index=False)
    incidents = pd.read_csv(folder / "incidents.csv", dtype=str, keep_default_na=False)
    emergency = (incidents["grade_first"] == "emergency") & (incidents["area"] == EVENTS[2].area)
    late = emergency & _on(incidents["received_at"], EVENTS[2]) & (incidents.index % 2 == 0)
    for column in ("arrived_at", "closed_at"):
        _later(incidents, late, column, timedelta(minutes=40))
    no_advice = (
        _on(incidents["received_at"], EVENTS[3]) & (incidents["advice_given_at"] != "") & (incidents.index % 2 == 0)
    )
    incidents.loc[no_advice, "advice_given_at"] = ""
    incidents.to_csv(folder / "incidents.csv", index=False)


def _on(times: pd.Series, event: Event) -> pd.Series:
    local = pd.to_datetime(times, errors="coerce", utc=True, format="ISO8601").dt.tz_convert("Europe/London").dt.date
    return (local >= event.first) & (local <= event.last)


def _later(rows: pd.DataFrame, chosen: pd.Series, column: str, by: timedelta) -> None:
    moved = (
        pd.to_datetime(rows[column].where(chosen & (rows[column] != "")), errors="coerce", utc=True, format="ISO8601")
        + by
    )
    there = moved.notna()
    rows.loc[there, column] = moved[there].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Month:
    """A lake with the logs of 120 days, and a store to which each night adds what it finds."""

    def __init__(self, folder: Path, server: SlackServer, judged: Sequence[str] = JUDGED) -> None:
        everything, self.server, self.judged = folder / "invented", server, judged
        invent(everything, [FORCE], HISTORY + NIGHTS, SEED, LAST)
        plant(everything)
        delivered = folder / "delivered"
        delivered.mkdir()
        for name in LOGS:
            (everything / f"{name}.csv").rename(delivered / f"{name}.csv")
        store = f"sqlite:///{folder / 'store.sqlite'}"
        self.settings = Settings(
            lake=str(folder / "lake"), store=store, slack_token=server.token, slack_channel=CHANNEL
        )
        self.engine: Engine = open_store(store)
        self.slack = Slack(server.token, server.url, timeout=5, interval=0.01)
        admitting = as_at(LAST) + timedelta(hours=1)  # all at once: a night knows nothing of what came after it
        plan = new_plan(self.settings, admitting, admitting, input=str(delivered))
        steps.admit(steps.start(plan, self.settings), self.settings)
        steps.fail(plan)

    def night(self, day: date, whole: bool = False) -> None:
        """The night after this local day: judge, record what changed, decide, say.

        The last days only, but for a month's last night and where `whole` says so: then the months, too.
        """
        whole = whole or (day + timedelta(days=1)).day == 1
        days = {} if whole else {"first_day": str(day - timedelta(days=LOOKED_AT)), "last_day": str(day)}
        plan = steps.start(new_plan(self.settings, as_at(day), as_at(day), **days), self.settings)
        figures, commitments = self._judged(plan)
        with self.engine.begin() as conn:
            charted = comparing.charts(conn, plan, figures, {})
            record_figures(conn, plan.run_id, figures, charted.signal_of)
            record_commitments(conn, plan.run_id, commitments)
            finish_run(conn, plan.run_id)
        alert(plan, self.settings, as_at(day), self.slack)

    def _judged(self, plan: Plan) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
        lake, standards = plan.open_lake(), chosen_standards(self.settings, ())
        con = connect()
        files = {name: lake.files(name, version) for name, version in lake.versions().items()}
        prepare(con, plan.window, zones(self.settings, [FORCE]), files)
        tallies = []
        for name in self.judged:
            judge(con, measures()[name], applied(standards, name, FORCE))
            found = con.execute("select * from figures").df()
            found = found[(found["force"] == FORCE) & (found["neighbourhood"] == "")].reset_index(drop=True)
            tallies.append(recording.Tally(standards[0], measures()[name], found))
        con.close()
        said = recording.conclude(tallies, Feeds({FORCE: set(LOGS)}), plan.window, [FORCE], "late rows")
        return [row for row in said.figures if row["force"] == FORCE], said.commitments


def as_at(day: date) -> datetime:
    """06:00, local time, on the day after."""
    return datetime.combine(day + timedelta(days=1), time(6), ZoneInfo("Europe/London")).astimezone(UTC)
