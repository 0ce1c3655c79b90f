"""`pledge demo`: invented logs, then the real nightly DAG on them, in this checkout's own Airflow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from checks.errors import UsageError
from connectors.lake.storage import is_remote
from connectors.settings import IN_A_FILE, Settings
from connectors.sources.invented import PLAN, invent
from dags.serving import folder as site_folder
from dags.tables import Format

FORCES = ("norfolk", "suffolk", "staffordshire", "essex", "kent", "durham", "cumbria", "gwent")
# The last of these days makes the default 60 contain the clock change of 29 March 2026.
LAST_DAY = date(2026, 4, 30)
# The first is the one whose figures are shown.
STANDARDS = (
    "policing_pledge_2008",
    "neighbourhood_policing_guarantee_2025",
    "national_response_standards_2026",
    "victims_code_2021_right_6",
)
DAGS = Path(__file__).parent
# Seconds.
_TOO_LONG = 280
_TIMED_OUT = 124


def demonstrate(settings: Settings, forces: int, days: int, seed: int, form: Format, say: Callable[[str], None]) -> int:
    """Invent the logs, run the DAG, print the night's verdicts; returns the exit code.

    The demonstration has a lake and a store of its own (`.pledge/demo/`), unless others were named.
    """
    folder = Path(".pledge") / "demo"
    settings = _own(settings, folder)
    logs = folder / f"logs-{forces}-{days}-{seed}"
    if not _invented(logs):
        say(f"Inventing the logs of {forces} force(s) over {days} days …")
        invent(logs, _slugs(forces), days, seed, LAST_DAY)
    say(f"Invented logs: {logs}")
    judged = datetime.combine(LAST_DAY + timedelta(days=1), time(6), ZoneInfo("Europe/London")).astimezone(UTC)
    say("Running the Airflow DAG `nightly` on them (airflow dags test nightly) …")
    code = _airflow(settings, logs, judged, folder / "airflow.log")
    if code:
        say(f"The DAG run failed (exit code {code}); its log is {folder / 'airflow.log'}.")
        return 1
    _show(settings, form)
    _what_next(settings, folder, logs, say)
    return 0


def _own(settings: Settings, folder: Path) -> Settings:
    from dataclasses import replace

    default = Settings()
    folder.mkdir(parents=True, exist_ok=True)
    return replace(
        settings,
        lake=str(folder / "lake") if settings.lake == default.lake else settings.lake,
        store=f"sqlite:///{folder / 'pledge.sqlite'}" if settings.store == default.store else settings.store,
    )


def _invented(logs: Path) -> bool:
    """Whether the logs are there, and as this version invents them: what it plants differs from version to version."""
    try:
        truth = json.loads((logs / "truth.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return all((logs / f"{log}.csv").is_file() for log in truth.get("rows", ())) and truth.get("plan") == PLAN


def _slugs(count: int) -> list[str]:
    from connectors.sources.forces import load

    others = [slug for slug, force in load().items() if force.nation != "none" and slug not in FORCES]
    return [*FORCES, *others][:count]


def _airflow(settings: Settings, logs: Path, judged: datetime, log: Path) -> int:
    """Run the DAG once in Airflow's own test runner, on an SQLite metadata database; the log goes to a file."""
    home = Path(".pledge/airflow").resolve()
    binary = Path(sys.executable).with_name("airflow")
    if not binary.exists():
        raise UsageError(str(binary), "Airflow is not installed here", "the environment of `make setup`", "Run it.")
    set_here = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # A task that fails is tried again minutes later; nobody watching a demonstration waits for that.
        "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "0",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "PLEDGE_LAKE": settings.lake if is_remote(settings.lake) else str(Path(settings.lake).resolve()),
        "PLEDGE_STORE": settings.store,
        "PLEDGE_INPUT": str(logs.resolve()),
        "PLEDGE_NIGHTLY_STANDARDS": " ".join(STANDARDS),
    }
    in_files = {name + IN_A_FILE for name in set_here}  # both at once would be refused
    environment = {**{name: value for name, value in os.environ.items() if name not in in_files}, **set_here}
    home.mkdir(parents=True, exist_ok=True)
    migrated = home / f"migrated-{version('apache-airflow')}"
    commands = [["dags", "test", "nightly", judged.isoformat()]]
    if not migrated.exists():
        commands.insert(0, ["db", "migrate"])
    with log.open("w", encoding="utf-8") as file:
        for arguments in commands:
            code = _run([str(binary), *arguments], environment, file)
            if code:
                return code
            migrated.touch()
    return 0


def _run(command: list[str], environment: dict[str, str], log: IO[str]) -> int:
    try:
        done = subprocess.run(command, env=environment, stdout=log, stderr=subprocess.STDOUT, timeout=_TOO_LONG)
    except subprocess.TimeoutExpired:
        return _TIMED_OUT
    return done.returncode


def _show(settings: Settings, form: Format) -> None:
    from connectors.store import read
    from connectors.store.engine import open_store, reading
    from dags.night import show_run

    with reading(open_store(settings.store)) as conn:
        newest = max(read.read_table(conn, "runs"), key=lambda row: row["run_number"])["run_id"]
    show_run(settings, newest, form)


def _what_next(settings: Settings, folder: Path, logs: Path, say: Callable[[str], None]) -> None:
    options = f"--lake {settings.lake} --store {settings.store}"
    say("")
    say("Where to look next:")
    for command in (
        "verdicts --period day --force norfolk --measure answer_999",
        "commitments --period month",
        "cases --measure attend_emergency --state missed",
        "verdicts --standard victims_code_2021_right_6 --period month",
        "sensitivity --measure answer_999",
        "quarantine",
        "sql --measure attend_emergency",
    ):
        say(f"  .venv/bin/pledge {command} {options}")
    say(f"  The pages: {site_folder(settings) / 'index.html'} in a browser, or")
    say(f"  .venv/bin/pledge serve {options}")
    say(f"  The logs and what was planted in them: {logs} (truth.json); Airflow's log: {folder / 'airflow.log'}")
