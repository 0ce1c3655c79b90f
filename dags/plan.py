"""The plan of one run: everything its steps need to know, settled before the first of them starts.

A plan is plain JSON, so that Airflow can hand it from task to task; a task that is tried again finds the same plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.commitment import measures
from checks.errors import UsageError
from checks.standard import Standard, editions, effective
from connectors.settings import Settings
from connectors.sources.forces import Force, zone_of
from connectors.sources.forces import load as load_forces
from expectations import published

if TYPE_CHECKING:  # what only names standards or forces need not load DuckDB and Delta
    from checks.judging import AppliedRule, Window
    from connectors.lake.tables import Lake

# The contract knows nothing before it.
NO_RUN_TAKES = timedelta(hours=20)
"""Less than from one night to the next: the next one closes a run that was killed."""
FIRST_YEAR = 1990
SHIPPED_STANDARDS = Path(published.__file__).parent / "standards"
SHIPPED_SOURCES = Path(published.__file__).parents[1] / "connectors" / "sources" / "descriptions"


@dataclass(frozen=True)
class Plan:
    """One run.

    `sources` are description names, `NAME=PATH` to read another file than the description's own; `standards` are
    names, empty = the default standard; `forces` limits whom the run judges, empty = every force in the lake.
    `first_day` and `last_day` are the days it judges; what longer than a month ends in them is counted from
    `counted_from` on, where that is earlier. `reason` = why final days are judged again. `backfill` names the call that
    the run is a part of. Moments are ISO 8601 in UTC, days ISO dates, '' = open.
    """

    run_id: str
    as_at: str
    lake: str
    store: str
    input: str = ""
    sources: tuple[str, ...] = ()
    standards: tuple[str, ...] = ()
    forces: tuple[str, ...] = ()
    first_day: str = ""
    last_day: str = ""
    started_at: str = ""
    counted_from: str = ""
    reason: str = ""
    backfill: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Plan:
        tuples = {name: tuple(values[name]) for name in ("sources", "standards", "forces")}
        return cls(**{**values, **tuples})

    @cached_property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.as_at)

    @cached_property
    def window(self) -> Window:
        from checks.judging import Window

        return Window(self.moment, _day(self.first_day), _day(self.last_day))

    @property
    def counted(self) -> Plan:
        """The plan whose window is what the run counts, which may begin before what it judges."""
        return replace(self, first_day=self.counted_from) if self.counted_from else self

    def open_lake(self) -> Lake:
        from connectors.lake.tables import Lake

        return Lake(self.lake)


def new_plan(settings: Settings, as_at: datetime, now: datetime, **choices: Any) -> Plan:
    """The plan of a run that begins `now` and judges from `as_at`."""
    return Plan(
        run_id=new_run_id(as_at, now),
        as_at=as_at.astimezone(UTC).isoformat(),
        lake=settings.lake,
        store=settings.store,
        started_at=now.astimezone(UTC).isoformat(),
        **choices,
    )


def forces_to_judge(plan: Plan) -> list[str]:
    """The forces the run judges: those asked for, or every force the lake holds rows or cases of."""
    held = held_forces(plan)
    unknown = [force for force in plan.forces if force not in held]
    if unknown:
        expected = f"one of {', '.join(held)}" if held else "a force whose logs were admitted"
        raise UsageError(f"--force {unknown[0]}", "no row of that force", expected, "Correct the slug.")
    return list(plan.forces) or held


def held_forces(plan: Plan) -> list[str]:
    """The forces the lake holds rows of, or cases: one whose rows were all withdrawn still has those."""
    lake = plan.open_lake()
    cases = lake.table("cases")
    former = lake.forces({"cases": cases.version()}) if cases else {}
    return sorted({*former, *lake.forces(lake.versions())})


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def new_run_id(as_at: datetime, started_at: datetime) -> str:
    """Readable and in order of time: what it judges from, then when it began."""
    return f"{as_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{started_at.astimezone(UTC):%Y%m%d%H%M%S%f}"


def standards_of(settings: Settings) -> dict[str, Standard]:
    """Every published standard: those shipped and those of PLEDGE_STANDARDS."""
    folders = [SHIPPED_STANDARDS, *([Path(settings.standards)] if settings.standards else [])]
    files = tuple((str(path), _changed(path)) for folder in folders for path in sorted(folder.glob("*")))
    return dict(_standards(tuple(folders), files))


@lru_cache(maxsize=4)
def _standards(folders: tuple[Path, ...], _files: tuple[tuple[str, int], ...]) -> dict[str, Standard]:
    """Read once for the steps of a run: `_files` with their times make a changed folder another one."""
    return published.load(*folders)


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def chosen_standards(settings: Settings, names: Sequence[str]) -> list[Standard]:
    """The standards a run judges by: those named, or every edition of the default one."""
    every = standards_of(settings)
    if not names:
        return editions(every.values(), settings.default_standard) or [_known(every, settings.default_standard)]
    return [_known(every, name) for name in dict.fromkeys(names)]


def _known(every: dict[str, Standard], name: str) -> Standard:
    if name not in every:
        known = ", ".join(sorted(every))
        raise UsageError(
            f"standard {name}",
            "there is none of that name",
            f"one of {known}",
            "See `pledge standards list`.",
        )
    return every[name]


def source_folders(settings: Settings) -> list[Path]:
    return [SHIPPED_SOURCES, *([Path(settings.sources)] if settings.sources else [])]


def forces_of(settings: Settings) -> dict[str, Force]:
    path = Path(settings.forces) if settings.forces else None
    return _forces(path, _changed(path) if path else 0)


@lru_cache(maxsize=4)
def _forces(path: Path | None, _changed_at: int) -> dict[str, Force]:
    return load_forces(path)


def zones(settings: Settings, forces: Sequence[str]) -> dict[str, str]:
    """The time zone of each force."""
    known = forces_of(settings)
    return {force: zone_of(known, force) for force in forces}


# The nation of a force to the part of the United Kingdom whose bank holidays it keeps. The British Transport Police
# works in several: the Victims' Code, which asks, is that of England and Wales.
_BANK_HOLIDAYS = {
    "england": "ENG",
    "wales": "WLS",
    "united-kingdom": "ENG",
    "scotland": "SCT",
    "northern-ireland": "NIR",
}


def bank_holidays(settings: Settings, forces: Sequence[str], first_year: int, last_year: int) -> list[tuple[str, date]]:
    """The bank holidays of each force's nation, as (force, day), in the years given (both inclusive).

    A force that is not in the reference data is taken to be English, as its time zone is; a nation outside the
    United Kingdom has none here.
    """
    import holidays

    known = forces_of(settings)
    nations = {force: known[force].nation if force in known else "england" for force in forces}
    parts = {force: _BANK_HOLIDAYS[nation] for force, nation in nations.items() if nation in _BANK_HOLIDAYS}
    years = range(first_year, last_year + 1)
    kept = {part: sorted(holidays.country_holidays("GB", subdiv=part, years=years)) for part in set(parts.values())}
    return [(force, day) for force, part in parts.items() for day in kept[part]]


def commitments_by_measure() -> dict[str, int]:
    """Which commitment each measure belongs to."""
    return {measure.name: measure.commitment for measure in measures().values()}


def applied(standards: Sequence[Standard], measure: str, force: str) -> list[AppliedRule]:
    """The rules a run judges one measure of one force by: each standard's own definition."""
    from checks.judging import AppliedRule

    return [
        AppliedRule(each.rule, force, each.rule.definition, "default", each.applies_from, each.applies_to)
        for each in effective(standards, measure, force)
    ]
