"""What the nights before leave in the store beside the figures: their runs, deliveries and earlier versions of figures.

Judging ten years night by night would take days. Here are rows like theirs, as many as there would be, so that what
a night reads of them is paid for when it is measured.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from checks.chain import sha256
from connectors.store import write
from connectors.store.engine import open_store
from connectors.store.tables import deliveries

LOGS_A_NIGHT = (
    "calls", "counter_visits", "dissatisfactions", "duties", "incidents", "meetings", "messages", "surveys",
    "team_pages", "updates", "victim_cases", "victim_contacts", "victim_events",
)  # fmt: skip
# One delivery in so many was unfit, and made good the next night.
UNFIT_EVERY = 97
# A manifest names its standards' definitions and the lake's tables: about this many characters.
_SAID = "x" * 6_000


def name_of(night: date) -> str:
    return f"night-{night}"


def run_nights(store: str, first: date, last: date, as_at: datetime) -> None:
    """Add a sealed run with its deliveries for each night after these days; the last one was judged at `as_at`."""
    count = (last - first).days + 1
    before = ""
    with open_store(store).begin() as conn:
        for number in range(count):
            day, moment = first + timedelta(days=number), as_at - timedelta(days=count - 1 - number)
            manifest = json.dumps(
                {"position": number + 1, "previous_hash": before, "covers": {}, "lake": {}, "": _SAID}
            )
            run = {"run_id": name_of(day), "as_at": moment, "started_at": moment, "standards": ["policing_pledge_2008"]}
            write.start_run(conn, run)
            ended = {"finished_at": moment, "previous_hash": before, "hash": sha256(manifest.encode())}
            write.finish_run(conn, name_of(day), **ended, manifest=manifest)
            before = sha256(manifest.encode())
            conn.execute(insert(deliveries), [_delivery(log, day, moment) for log in LOGS_A_NIGHT])


def _delivery(log: str, day: date, moment: datetime) -> dict[str, object]:
    is_fit = (day.toordinal() + len(log)) % UNFIT_EVERY != 0
    return {
        "delivery_id": sha256(f"{log} of {day}".encode())[:16],
        "run_id": name_of(day),
        "source": log,
        "log": log,
        "force": "suffolk",
        "location": f"/deliveries/{day}/{log}.csv",
        "received_at": moment,
        "rows_read": 100,
        "rows_admitted": 100,
        "sha256": sha256(f"file {log} of {day}".encode()),
        "fitness": "fit" if is_fit else "unfit",
        "reason": "" if is_fit else "half of its rows were refused",
        "covers_from": moment - timedelta(days=2),
        "covers_to": moment - timedelta(hours=6),
    }


# A figure was written on those nights of its period on which a case of it was new: never more often than it has cases.
_VERSIONS = """
insert into {table} ({columns})
select {values}
from {table} as now
inner join nights on night between now.period_start and now.last_night
where now.run_number = :newest and (random() & 1048575) < 1048576.0 * (1 - exp(-1.0 * {cases} / now.nights))
"""
_PERIODS = """
select *, min(:last, case period
        when 'day' then date(period_start, '+1 day')
        when 'month' then date(period_start, '+1 month')
        else date(period_start, '+12 months') end) as last_night,
    case period when 'day' then 2 when 'month' then 31 else 365 end as nights
from {table}
"""


def restate(file: Path, first: date, last: date) -> None:
    """Put before each figure of the newest run the versions that earlier nights would have stated."""
    con = sqlite3.connect(file)
    con.create_function("sqrt", 1, lambda value: value**0.5, deterministic=True)
    con.execute("create temp table nights (night text primary key, run_id text, run_number integer)")
    known = dict(con.execute("select run_id, run_number from runs"))
    nights = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    rows = [(str(night), name_of(night), known[name_of(night)]) for night in nights]
    con.executemany("insert into nights values (?, ?, ?)", rows)
    for table, cases in (("verdicts", "now.cases"), ("sensitivity", "now.cases"), ("commitments", "3")):
        columns = [row[1] for row in con.execute(f"pragma table_info({table})")]
        own = {"run_id": "nights.run_id", "run_number": "nights.run_number", "verdict": "'in_progress'"}
        values = ", ".join(own.get(name, f"now.{name}") for name in columns)
        source = f"({_PERIODS.format(table=table)})"
        script = _VERSIONS.format(table=table, columns=", ".join(columns), values=values, cases=cases)
        newest = max(known.values())
        con.execute(
            script.replace(f"from {table} as now", f"from {source} as now"), {"newest": newest, "last": str(last)}
        )
    con.commit()
    con.close()
