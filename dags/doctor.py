"""`pledge doctor`: what is wrong with an installation, and what to mend. It looks, and changes nothing.

Every check answers in lines; one that cannot look (a system is away, a file unreadable) is itself a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import datetime

from checks.errors import PledgeError
from connectors.settings import LOGS, Settings, misspelt, variable

OK, WARN, WRONG = "ok", "warn", "wrong"
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


def examined(environ: Mapping[str, str], lake: str | None, store: str | None, now: datetime) -> list[Line]:
    """Every line, in a settled order; the checks look at the same time, so that one that waits delays none."""
    from dags import doctor_airflow, doctor_machine, doctor_store, doctor_systems

    read, lines = _settings(environ, lake, store)
    patient = Patient(read, environ, now)
    checks: Sequence[tuple[str, Check]] = (
        *doctor_systems.CHECKS,
        *doctor_store.CHECKS,
        *doctor_machine.CHECKS,
        *doctor_airflow.CHECKS,
    )
    with ThreadPoolExecutor(len(checks)) as pool:
        for found in pool.map(lambda each: _looked(each[0], each[1], patient), checks):
            lines += found
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
