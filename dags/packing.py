"""A re-performance pack: everything with which a second person re-derives a published figure, and nothing of ours.

The same figures, run and seed make the same bytes: no clock is read, and names follow from a key that is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
from sqlalchemy import Connection

from checks.commitment import measures
from checks.database import UNREADABLE, connect
from checks.errors import NotAnsweringError
from checks.evidence import lay_figure_cases, logs_of
from checks.feeds import ALL
from checks.judging import Window
from checks.reperformance import CASES, MISSED, SAMPLE, Judging, count_script, judge_script
from connectors.lake.cases import missed_cases_script, read_cases
from connectors.lake.tables import Lake
from connectors.pack.archive import archive
from connectors.pack.readme import INSIDE, Told, readme
from connectors.settings import Settings
from connectors.store import read
from connectors.store.revisions import deliveries_of
from dags import pack_files as files_of
from dags.looking import existing_lake
from dags.pack_again import not_repeated
from dags.pack_figures import Asked, figures_of, judging_run
from dags.pack_names import Names, names_of
from dags.pack_proofs import proofs, standard_files, unproven
from dags.pack_rows import Rows, breach_names, count_rows, lay_logs, rows_of
from dags.plan import FIRST_YEAR, applied, bank_holidays, commitments_by_measure, zones
from dags.recorded import judged_run
from dags.tracing import editions_of

Row = dict[str, Any]
# The rows of every case are in the pack up to so many; beyond, those of the sampled cases only.
MOST_ROWS = 200_000


@dataclass
class Pack:
    """A pack's files by their paths, what it is about, and what is amiss with it; `references`: pack names of the
    sampled cases with those of the lake."""

    files: dict[str, bytes]
    told: Told
    references: list[Row]

    @property
    def content(self) -> bytes:
        return archive(self.files)


@dataclass
class _Gathered:
    """What is read of the store and the lake: cases and rows lie on `con`, with the names of the pack."""

    con: duckdb.DuckDBPyConnection
    asked: Asked
    figures: list[Row]
    judged: Row
    judging: Row
    forces: list[str]
    names: Names
    all_rows: bool = True
    rows: Rows = field(default_factory=Rows)


def pack(conn: Connection, settings: Settings, asked: Asked, run: str | None) -> Pack:
    """Make the pack of the figures asked for, as a run (None: the newest) left them, and re-derive them from it.

    Raises:
        UsageError: no such figure or run, or no key for the names.
        NotAnsweringError: the cases or rows of then cannot be read.
    """
    judged = judged_run(conn, run)
    figures, lake = figures_of(conn, settings, asked, judged), existing_lake(settings)
    runs = list(read.read_table(conn, "runs"))
    con = connect()
    try:
        names, judging = names_of(settings, lake), judging_run(runs, judged, figures)
        gathered = _Gathered(con, asked, figures, judged, judging, _forces(lake, figures, judged), names)
        _gather(gathered, settings, lake)
        files, sample, referred = _data(conn, gathered)
        files |= _scripts(gathered, settings)
        standards, changed = standard_files(settings, sorted({row["standard"] for row in figures}), judged)
        files |= standards | proofs(lake, runs, judged, figures)
        amiss = [*_unproven(files, lake, figures, changed), *not_repeated(files, figures, all_rows=gathered.all_rows)]
        told = _told(gathered, amiss)
    except UNREADABLE as error:
        expected, do = f"the files run {judged['run_id']} judged", "`pledge verify` says which; name a later --run."
        found = "the cases or rows of then cannot be read: they were erased, or are damaged"
        raise NotAnsweringError(f"lake {settings.lake}", found, expected, do) from error
    finally:
        con.close()
    deliveries = deliveries_of(conn, gathered.rows.delivery_ids)
    rows, came = files_of.sampled_rows(gathered.rows, deliveries), files_of.delivery_lines(deliveries)
    files |= {f"sample/{log}.csv": files_of.csv_of(r, files_of.columns_of_rows(r)) for log, r in rows.items()}
    files["deliveries.csv"] = files_of.csv_of(came, files_of.DELIVERY)
    files["pack.xlsx"] = files_of.spreadsheet(told, figures, sample, rows, came)
    files["README.md"] = readme(told).encode()
    return Pack(files, told, referred)


def _forces(lake: Lake, figures: Sequence[Row], judged: Row) -> list[str]:
    named = {row["force"] for row in figures}
    if ALL in named:
        version = json.loads(judged["input_key"]).get("cases")
        named |= set(lake.forces({"cases": version})) if version else set()
    return sorted(named - {ALL})


def _gather(of: _Gathered, settings: Settings, lake: Lake) -> None:
    """Lay out the figures' cases (`named_cases`), the sample (`sampled`) and their rows, with the names of the pack."""
    con, measure = of.con, measures()[of.asked.measure]
    version = json.loads(of.judged["input_key"]).get("cases")
    only = {"standard": sorted({row["standard"] for row in of.figures}), "force": of.forces}
    if measure.name != "explained":  # what is owed an explanation are the cases of any measure
        only["measure"] = [measure.name]
    read_cases(con, lake.files("cases", version, **only) if version else [], "all_cases")
    lay_figure_cases(con, *of.figures)
    con.execute("create or replace table their_cases as select distinct * exclude (number) from figure_cases")
    of.names.name_cases(con, "their_cases", "named_cases")
    con.execute(_SAMPLE, {"seed": of.asked.seed, "size": of.asked.sample})
    con.execute(_MISSED)
    of.names.name_cases(con, "missed_of_them", "named_missed")
    judged_versions = json.loads(of.judging["input_key"])
    lay_logs(con, lake, judged_versions, measure, _window(of.judging), zones(settings, of.forces))
    count = count_rows(con, measure, "named_cases")
    of.all_rows = count <= MOST_ROWS if of.asked.every_row is None else of.asked.every_row
    judged = "named_cases" if of.all_rows else "sampled"
    of.rows = rows_of(con, measure, of.names, breach_names(con, "named_missed"), judged=judged, sampled="sampled")


_SAMPLE = """
create or replace table sampled as
select * from named_cases
order by sha256(concat_ws('|', $seed, standard, "force", case_id)), standard, "force", case_id
limit $size
"""
_MISSED = """
create or replace view missed_of_them as
select missed.* from all_cases as missed
semi join their_cases on missed.standard = their_cases.standard and missed."force" = their_cases."force"
    and their_cases.measure = 'explained' and their_cases.case_id = missed.measure || '/' || missed.case_id
where missed.state = 'missed'
"""


def _window(run: Row) -> Window:
    first, last = (run[name].date() if run[name] else None for name in ("window_from", "window_to"))
    return Window(run["as_at"], first, last)


def _data(conn: Connection, of: _Gathered) -> tuple[dict[str, bytes], list[Row], list[Row]]:
    """The files that hold figures, cases and rows; the sampled cases; and how the lake names those."""
    cases, sample = files_of.cases_of(of.con, "named_cases"), files_of.cases_of(of.con, "sampled")
    told = sample.to_pylist()
    files = {
        "figures.csv": files_of.csv_of(of.figures, files_of.FIGURE),
        CASES: files_of.parquet(cases),
        "cases.csv": files_of.csv_of(files_of.rows_in_batches(cases), files_of.CASE),
        SAMPLE: files_of.parquet(sample),
        "sample.csv": files_of.csv_of(told, files_of.CASE),
        **{_rows_file(log): files_of.parquet(rows) for log, rows in of.rows.judged.items()},
    }
    if of.asked.measure == "explained":
        files[MISSED] = files_of.parquet(files_of.cases_of(of.con, "named_missed"))
    referred = of.con.execute('select measure, "force", case_id, reference from sampled order by all').fetchall()
    names = ("measure", "force", "case_id", "reference")
    return files, told, [dict(zip(names, row, strict=True)) for row in referred]


def _rows_file(log: str) -> str:
    return f"rows/{log}.parquet"


def _scripts(of: _Gathered, settings: Settings) -> dict[str, bytes]:
    measure, window = measures()[of.asked.measure], _window(of.judging)
    standards = {each.name: each for row in of.figures for each in editions_of(settings, row, of.judging)}
    holidays = []
    if "working_days" in measure.sql:
        holidays = bank_holidays(settings, of.forces, FIRST_YEAR, window.as_at.year + 1)
    judging = Judging(
        measure,
        [each for force in of.forces for each in applied(list(standards.values()), measure.name, force)],
        window,
        zones(settings, of.forces),
        logs_of(measure),
        {log: [_rows_file(log)] for log in of.rows.judged},
        holidays,
        missed_cases_script([MISSED], commitments_by_measure(), in_folders=False)
        if "missed_cases" in measure.sql
        else "",
    )
    script = "rederive.py" if of.all_rows else "rederive_sample.py"
    return {
        "count.sql": count_script(of.figures).encode(),
        "judge.sql": judge_script(judging, of.figures, sample_only=not of.all_rows).encode(),
        "rederive.py": (INSIDE / script).read_bytes(),
        "check_proofs.py": (INSIDE / "check_proofs.py").read_bytes(),
    }


def _unproven(files: Mapping[str, bytes], lake: Lake, figures: Sequence[Row], changed: Sequence[str]) -> list[str]:
    if "proofs/manifest.json" not in files:
        return ["The run was never sealed, or its manifest was changed: there are no proofs."]
    return [
        *(f"The standard {name} is not the file the run judged by: it is gone or was changed." for name in changed),
        *(f"The figure {each} is not as its run sealed it." for each in unproven(lake, figures)),
    ]


def _told(of: _Gathered, amiss: Sequence[str]) -> Told:
    count = of.con.execute("select (select count(*) from named_cases), (select count(*) from sampled)").fetchone()
    cases, sampled = count or (0, 0)
    return Told(
        figures=of.figures,
        run_id=of.judged["run_id"],
        judged_by=of.judging["run_id"],
        as_at=of.judging["as_at"],
        standards=sorted({row["standard"] for row in of.figures}),
        cases=cases,
        sampled=sampled,
        seed=of.asked.seed,
        rows={log: rows.num_rows for log, rows in of.rows.judged.items()},
        all_rows=of.all_rows,
        names_by=of.names.by,
        duckdb=duckdb.__version__,
        amiss=amiss,
    )


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
