"""Invented nights for the announcing step: figures that break, go on, recover and are restated, feeds that die.

Each night is drawn from its own number, so that two stores given the same nights hold the same figures.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from checks.commitment import measures
from connectors.settings import Settings
from connectors.slack.send import Slack
from connectors.store.figures import record_figures
from connectors.store.write import add_delivery, finish_run, start_run
from dags.alerting import alert
from dags.plan import Plan, chosen_standards

STANDARD = "policing_pledge_2008"
PROMISES, DATA = "C0123456789", "C0000000DATA"
# So long ago that a thousand nights are over today: the local Slack stamps messages with the real clock, and a message
# is looked for from the day before the night it was laid down.
FIRST = date(2022, 1, 1)
FORCES = {"norfolk": ("", "north"), "kent": ("",)}
MEASURES = {"answer_999": "calls", "answer_non_emergency": "calls", "attend_emergency": "incidents"}

chosen_standards(Settings(), (STANDARD,))  # read once, before processes are forked from this one
measures()


@dataclass(frozen=True)
class Attempt:
    """One process that announces one night: `again` tells apart the runs of the same night."""

    store: str
    slack_url: str
    token: str
    night: int
    again: int = 0
    minutes: int = 0

    @property
    def run_id(self) -> str:
        return f"night-{self.night:04}" + (f"-{self.again}" if self.again else "")

    @property
    def now(self) -> datetime:
        return as_at(self.night) + timedelta(minutes=self.minutes)


def as_at(night: int) -> datetime:
    return datetime(FIRST.year, FIRST.month, FIRST.day, 3, tzinfo=UTC) + timedelta(days=night + 1)


def announce(attempt: Attempt) -> None:
    """The announcing step of a run, in this process."""
    plan = Plan(attempt.run_id, as_at(attempt.night).isoformat(), "", attempt.store, standards=(STANDARD,))
    settings = Settings(slack_token=attempt.token, slack_channel=PROMISES, slack_data_channel=DATA)
    slack = Slack(attempt.token, attempt.slack_url, timeout=5, interval=0.01)
    alert(plan, settings, attempt.now, slack)


def prepare(engine: Engine, night: int, again: int = 0) -> None:
    """What a run of this night leaves in the store before it announces; a repeated run adds itself alone."""
    run_id = Attempt("", "", "", night, again).run_id
    with engine.begin() as conn:
        begun = {"run_id": run_id, "as_at": as_at(night), "started_at": as_at(night), "standards": [STANDARD]}
        start_run(conn, begun)
        if not again:
            record_figures(conn, run_id, figures(night), lambda row: {"signal": row["signal"]})
            deliver(conn, run_id, night)
        finish_run(conn, run_id)


def figures(night: int) -> list[dict[str, Any]]:
    """The figures of the night's day, sometimes a restated earlier one, and the month when it is over."""
    day, drawn = FIRST + timedelta(days=night), random.Random(night)
    rows = _of_day(night, 0)
    if night > 3 and drawn.random() < 0.3:
        rows += [row | {"restated_why": "30 late rows"} for row in _of_day(night - drawn.randint(1, 3), night)[:2]]
    if (day + timedelta(days=1)).day == 1:
        rows += [row | {"period": "month", "period_start": day.replace(day=1)} for row in _of_day(night, 1)]
    return rows


def _of_day(night: int, version: int) -> list[dict[str, Any]]:
    day, drawn = FIRST + timedelta(days=night), random.Random(night * 1_000 + version)
    rows = []
    for force, areas in FORCES.items():
        for measure, log in MEASURES.items():
            for area in areas:
                place = {"force": force, "area": area, "period": "day", "period_start": day}
                rows.append(_figure(measure, drawn, broken(force, log, night), night) | place)
    return rows


def _figure(measure: str, drawn: random.Random, blind: bool, night: int) -> dict[str, Any]:
    of = drawn.choice((12, 200, 400))
    bad = (night // 9 + len(measure)) % 3 == 0  # spells of bad nights
    met = of - int(of * (drawn.uniform(0.15, 0.4) if bad else drawn.uniform(0.0, 0.13)))
    kept = met * 10 >= of * 9
    verdict = "cannot_judge" if blind else "too_few" if of < 30 else "kept" if kept else "missed"
    signal = "special_cause_concerning" if bad and drawn.random() < 0.6 else drawn.choice(("", "common_cause"))
    counts = {"cases": of, "met": met, "missed": of - met, "numerator": met, "denominator": of}
    about = {"standard": STANDARD, "measure": measure, "commitment": measures()[measure].commitment}
    return {**about, **({} if blind else counts), "verdict": verdict, "target": 0.9, "minimum_n": 30, "signal": signal}


def broken(force: str, log: str, night: int) -> bool:
    return random.Random(f"{force}{log}{night // 4}").random() < 0.15


def deliver(conn: Connection, run_id: str, night: int) -> None:
    day = as_at(night) - timedelta(days=1)
    for force in FORCES:
        for log in ("calls", "incidents"):
            unfit = broken(force, log, night)
            add_delivery(
                conn,
                {
                    "delivery_id": f"{run_id}-{force}-{log}",
                    "run_id": run_id,
                    "source": log,
                    "log": log,
                    "force": force,
                    "received_at": as_at(night),
                    "rows_read": 100,
                    "rows_admitted": 0 if unfit else 100,
                    "sha256": f"{run_id}{force}{log}",
                    "fitness": "unfit" if unfit else "fit",
                    "reason": "41 of 100 rows were quarantined" if unfit else "",
                    "covers_from": day,
                    "covers_to": day + timedelta(hours=20),
                },
            )
