"""`pledge doctor`: what is wrong with an installation, and what to mend. It looks, and changes nothing.

Every check answers in lines; one that cannot look (a system is away, a file unreadable) is itself a line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from threading import Thread

from checks.errors import PledgeError
from connectors.settings import LOGS, Settings, misspelt, variable

OK, WARN, WRONG = "ok", "warn", "wrong"
PATIENCE_SECONDS = 75.0
COLUMNS = ("state", "area", "found", "mend")


@dataclass(frozen=True)
class Line:
    """One thing that was looked at: `ok`, `warn` (it works, but not for ever) or `wrong`, and what to mend."""

    state: str
    area: str
    found: str
    mend: str = ""


@dataclass(frozen=True)
class Patient:
    """What is examined: settings, the environment they come from, and the moment by this machine's clock."""

    settings: Settings
    environ: Mapping[str, str]
    now: datetime


Check = Callable[[Patient], Iterator[Line]]


def examined(
    environ: Mapping[str, str], lake: str | None, store: str | None, now: datetime, patience: float = PATIENCE_SECONDS
) -> list[Line]:
    """Every line, in a settled order; the checks look at the same time, so that one that waits delays none.

    Args:
        patience: the seconds after which what has not answered is a line of its own.
    """
    from dags import doctor_airflow, doctor_machine, doctor_store, doctor_systems

    read, lines = _settings(environ, lake, store)
    patient = Patient(read, environ, now)
    checks: Sequence[tuple[str, Check]] = (
        *doctor_systems.CHECKS,
        *doctor_store.CHECKS,
        *doctor_machine.CHECKS,
        *doctor_airflow.CHECKS,
    )
    found: dict[int, list[Line]] = {}

    def look(place: int, area: str, check: Check) -> None:
        found[place] = _looked(area, check, patient)

    threads = [Thread(target=look, args=(n, *each), daemon=True) for n, each in enumerate(checks)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + patience
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0))
    for place, (area, _) in enumerate(checks):
        silent = Line(WRONG, area, f"no answer within {patience:.0f} seconds", "See whether the system is up.")
        lines += found.get(place, [silent])
    return lines


def _looked(area: str, check: Check, patient: Patient) -> list[Line]:
    lines: list[Line] = []
    try:
        lines.extend(check(patient))
    except PledgeError as error:
        lines.append(Line(WRONG, area, f"{error.where}: {error.found}; {error.expected}", error.do))
    except Exception as error:
        # Only our own sentences are known to hold no secret.
        found, mend = f"it could not be looked at ({type(error).__name__})", "Mend what else is wrong, then look again."
        lines.append(Line(WRONG, area, found, mend))
    return lines


def _settings(environ: Mapping[str, str], lake: str | None, store: str | None) -> tuple[Settings, list[Line]]:
    """The settings as far as they can be read, and what is wrong with the variables."""
    lines = [Line(WRONG, "settings", f"{e.where}: {e.found}", e.do) for e in misspelt(environ)]
    values = {f.name: environ[variable(f.name)] for f in fields(Settings) if environ.get(variable(f.name))}
    values |= {name: value for name, value in (("lake", lake), ("store", store)) if value}
    if values.get("log", LOGS[0]) not in LOGS:
        lines.append(Line(WRONG, "settings", f"PLEDGE_LOG is {values['log']}", f"Set it to {' or '.join(LOGS)}."))
    if not lines:
        lines.append(Line(OK, "settings", f"{len(values)} set, none of them misspelt"))
    return Settings(**values), lines
