"""`pledge pack`: a zip from which a second person re-derives a published figure."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from checks.errors import UsageError
from dags.known import known_then
from dags.options import (
    AreaOption,
    ForceOption,
    FormatOption,
    LakeOption,
    RunOption,
    StandardOption,
    StoreOption,
    known_measures,
    say,
    settings_of,
)
from dags.tables import Format, show, write_csv
from dags.when import day

PERIODS = ("day", "month", "year", "rolling_12_months")
COLUMNS = ("file", "sha256", "figures", "cases", "sampled", "rows", "rederived")
REFERENCES = ("measure", "force", "case_id", "reference")
_NAMED = {
    r"\d{4}-\d\d-\d\d": ("day", ""),
    r"\d{4}-\d\d": ("month", "-01"),
    r"\d{4}": ("year", "-01-01"),
}


def register(app: typer.Typer) -> None:
    """Add the command to `pledge`."""
    app.command()(known_then(pack))


def pack(
    measure: Annotated[str, typer.Option(help="Measure.")],
    period: Annotated[str, typer.Option(help=f"2026-03-01, 2026-03, 2026; or {', '.join(PERIODS)}, with --start.")],
    sample: Annotated[int, typer.Option(min=0, help="How many cases to draw.")] = 25,
    seed: Annotated[str, typer.Option(help="The same seed draws the same cases.")] = "0",
    start: Annotated[str, typer.Option(help="First local day of the period; default: the newest that is over.")] = "",
    force: ForceOption = None,
    area: AreaOption = None,
    neighbourhood: Annotated[list[str] | None, typer.Option(help="Neighbourhood; repeatable.")] = None,
    standard: StandardOption = None,
    rows: Annotated[str, typer.Option(help="all: the rows of every case; sample: of the sampled ones only.")] = "",
    out: Annotated[Path | None, typer.Option(help="The zip to write; default: named after the figure, here.")] = None,
    references: Annotated[
        Path | None, typer.Option(help="Also write which record each sampled case is, as CSV; for the force alone.")
    ] = None,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Pack a figure with all a second person needs to re-derive it: cases, rows, SQL, standard, proofs, README."""
    from connectors.pack.archive import write_archive
    from connectors.store.engine import open_store, reading
    from dags.accessed import recorded
    from dags.pack_figures import Asked
    from dags.packing import pack as packed
    from dags.packing import sha256_of

    known_measures([measure])
    kind, first = _period(period, start)
    if rows not in ("", "all", "sample"):
        raise UsageError("--rows", f"it is {rows}", "all or sample", "Correct it, or leave it out.")
    asked = Asked(
        measure, kind, first, tuple(force or ()), tuple(area or ()), tuple(neighbourhood or ()),
        tuple(standard or ()), sample, seed, {"": None, "all": True, "sample": False}[rows],
    )  # fmt: skip
    settings = settings_of(lake, store)
    filters = {
        "measure": measure, "period": period, "start": start, "force": force, "area": area, "standard": standard,
        "neighbourhood": neighbourhood, "run": run, "references": references,
    }  # fmt: skip
    engine = open_store(settings.store, create=False)
    with recorded(settings, "pack", filters, "zip", say) as counted, reading(engine) as conn:
        made = packed(conn, settings, asked, run)
        told, content = made.told, made.content
        path = out or Path(_file_name(measure, kind, told.figures[0]["period_start"], force))
        write_archive(path, content)
        for _ in counted({} for _ in range(told.cases)):
            pass
    if references:
        _write_references(references, made.references)
    for sentence in told.amiss:
        say(sentence)
    if not told.all_rows:
        say("The rows of every case would be too many, or were not asked for: the pack has those of the sampled cases.")
    said = {
        "file": str(path), "sha256": sha256_of(content), "figures": len(told.figures), "cases": told.cases,
        "sampled": told.sampled, "rows": sum(told.rows.values()), "rederived": not told.amiss,
    }  # fmt: skip
    show([said], COLUMNS, form)
    raise typer.Exit(1 if told.amiss else 0)


def _period(period: str, start: str) -> tuple[str, date | None]:
    """The kind of period and its first day (None: the newest that is over) of what was said."""
    if period in PERIODS:
        return period, day(start, "--start")
    for form, (kind, rest) in _NAMED.items():
        if re.fullmatch(form, period):
            if start:
                raise UsageError("--start", "--period says when it begins, too", "one of the two", "Leave one out.")
            return kind, day(period + rest, "--period")
    expected = f"2026-03-01, 2026-03, 2026, or one of {', '.join(PERIODS)}"
    raise UsageError("--period", f"it is {period}", expected, "Correct it.")


def _file_name(measure: str, period: str, start: date, forces: list[str] | None) -> str:
    where = "-".join(re.sub(r"[^a-z0-9]+", "-", force.lower()) for force in forces or ["every-force"])[:60]
    return f"pledge-pack_{measure}_{where}_{period}_{start}.zip"


def _write_references(path: Path, rows: list[dict[str, str]]) -> None:
    import os

    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            write_csv(file, rows, REFERENCES)
    except OSError as error:
        found = f"it cannot be written ({error.strerror})"
        raise UsageError(str(path), found, "a file in a folder this user may write to", "Name another.") from error
    say(f"{path} says which records the sampled cases are: it stays with the force.")
