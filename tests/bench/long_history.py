"""What a night costs after years of history: `python -m tests.bench.long_history --days 60 400 1200 3650`.

A force's logs are invented over that many days, all but the last day are judged in one run, and the night of the last
day is measured: one more day of each log, and the records of before to which something happened on it. Seconds are the
processor's (user and system, all threads), so that a busy machine tells the same; memory is the process's peak.

What the nights in between would have left besides is not there: their runs and deliveries, and the earlier versions of
figures that were in progress.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from checks.logs import LOGS, Kind, Log
from connectors.sources.invented import invent
from dags.versions import code_hash
from tests.memory import Used, used_by

LAST_DAY = date(2026, 4, 30)
SEED = 2008
# Of the usual invented force: about 50 calls and 15 incidents a day.
SMALL = 0.06


def main() -> None:
    """Print a line for each history: its days, the night's processor seconds step by step, and its peak memory."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--days", type=int, nargs="+", default=[60, 400, 1200, 3650])
    options.add_argument("--size", type=float, default=SMALL, help="of the force; 1 = about 900 calls a day")
    options.add_argument("--folder", type=Path, help="keeps the histories, for a second measurement")
    options.add_argument("--times", type=int, default=1, help="how often each night is measured; the least is printed")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="pledge-history-") as temporary:
        for days in chosen.days:
            # Under other code than the night before, a night states every figure of its look-back anew.
            name = f"{days}-{chosen.size:g}-{code_hash()[:12]}"
            history = _history((chosen.folder or Path(temporary)) / name, days, chosen.size)
            nights = [_measured(history, Path(temporary) / "night") for _ in range(chosen.times)]
            steps, megabytes = min(nights, key=lambda night: night[0]["all"])
            said = "  ".join(f"{name} {seconds:.1f}" for name, seconds in steps.items())
            print(f"{days:>5} days: {said} s, {megabytes:,.0f} MB; load {os.getloadavg()[0]:.1f}", flush=True)


def _history(folder: Path, days: int, size: float) -> Path:
    """The folder with the store after the last night but one (`held`) and what the last one brings (`night`)."""
    if not (folder / "held" / "published").exists():
        shutil.rmtree(folder, ignore_errors=True)
        invent(folder / "logs", ["suffolk"], days, SEED, LAST_DAY, size)
        for log in LOGS.values():
            if (folder / "logs" / f"{log.name}.csv").exists():
                _split(folder, log)
        _run(folder / "held", folder / "before", _night_after(LAST_DAY - timedelta(days=1)))
    return folder


def _night_after(day: date) -> str:
    return datetime.combine(day + timedelta(days=1), time(6), ZoneInfo("Europe/London")).astimezone(UTC).isoformat()


def _split(folder: Path, log: Log) -> None:
    """Write what was known of a log on the morning of the last day, and what is new or different on the next one."""
    source, before, night = (folder / part / f"{log.name}.csv" for part in ("logs", "before", "night"))
    for path in (before, night):
        path.parent.mkdir(parents=True, exist_ok=True)
    known = _night_after(LAST_DAY - timedelta(days=1))
    happened = {c.name for c in log.columns if c.kind is Kind.MOMENT and not c.planned}
    columns = ", ".join(
        f'case when try_cast("{c.name}" as timestamptz) < timestamptz \'{known}\' then "{c.name}" end as "{c.name}"'
        if c.name in happened
        else f'"{c.name}"'
        for c in log.columns
    )
    required = " and ".join(f'"{c.name}" is not null' for c in log.columns if c.required) or "true"
    con = duckdb.connect()
    con.execute("set TimeZone = 'Europe/London'")
    con.execute(f"create table whole as from read_csv('{source}', all_varchar = true)")
    con.execute(f"create table known as select * from (select {columns} from whole) where {required}")
    con.execute(f"copy known to '{before}' (header)")
    con.execute(f"copy (from whole except from known) to '{night}' (header)")
    con.close()


def _measured(history: Path, folder: Path) -> tuple[dict[str, float], float]:
    """The night on a copy of what is held: processor seconds by step and of all of it, and peak megabytes."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(history / "held", folder)
    steps, used = _run(folder, history / "night", _night_after(LAST_DAY))
    return steps | {"all": used.processor_seconds}, used.megabytes


def _run(folder: Path, logs: Path, as_at: str) -> tuple[dict[str, float], Used]:
    """One `pledge run` in a process of its own: processor seconds of each step, and what the process used."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).with_name("pledge")), "run", "--input", str(logs), "--as-at", as_at]
    command += ["--lake", str(folder / "lake"), "--store", f"sqlite:///{folder}/pledge.sqlite"]
    told = folder / "told.jsonl"
    with told.open("w") as lines, Path(os.devnull).open("w") as nothing:
        files = [(os.POSIX_SPAWN_DUP2, nothing.fileno(), 1), (os.POSIX_SPAWN_DUP2, lines.fileno(), 2)]
        used = used_by(command, folder / "used.json", os.environ | {"PLEDGE_LOG": "json"}, files)
    if used.code:
        raise SystemExit(told.read_text())
    steps = [line for line in map(json.loads, told.read_text().splitlines()) if "seconds" in line]
    return {line["step"]: line["processor_seconds"] for line in steps}, used


if __name__ == "__main__":
    main()
