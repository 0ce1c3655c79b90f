"""The tables of the bench: which contenders, on which data, and what the figures say of our aims."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from checks.database import literal
from tests.bench import data
from tests.bench.asked import COLUMNS, MEASURES, PLACE, STATES
from tests.bench.measured import Contender, interleaved, measured, of_module, pledge, typical
from tests.bench.report import Section, aim

SAME = ", ".join(("measure", *PLACE, *STATES)).replace("period_start", "period_start::date as period_start")


def night(size: data.Size, folder: Path, repeats: int) -> Section:
    """From the delivered CSV to recorded figures, beside reading, refusing, keeping, judging and counting by hand."""
    data.write(size, folder / "in")
    emptied = {name: partial(_empty, folder / name) for name in ("ours", "duckdb", "pandas")}
    contenders = {
        "`pledge run`, first: every measure, with history, evidence, findings, chain": Contender(
            _run(folder), emptied["ours"]
        ),
        "`pledge run`, again: nothing new": Contender(_run(folder)),
        f"bare DuckDB: admit, judge and count {len(MEASURES)} measures": Contender(
            of_module("bare_duckdb", "whole", folder / "in", folder / "duckdb.parquet", folder / "duckdb"),
            emptied["duckdb"],
        ),
    }
    if size.calls <= 3_000_000:
        contenders[f"plain pandas: admit, judge and count {len(MEASURES)} measures"] = Contender(
            of_module("plain_pandas", "whole", folder / "in", folder / "pandas.parquet", folder / "pandas"),
            emptied["pandas"],
        )
    costs = {name: typical(found) for name, found in interleaved(contenders, repeats, folder).items()}
    _as_parquet(folder / "ours" / "pledge.sqlite", folder / "ours.parquet")
    _must_agree([folder / f"{name}.parquet" for name in ("ours", "duckdb", "pandas")])
    ours, _, bare, *_ = costs.values()
    times = ours.wall / bare.wall
    aims = [f"Not the same work, so no aim: the first night took {times:.1f} times bare DuckDB's smaller job."]
    return Section(f"A whole night: {size.title}", list(costs.items()), aims, repeats)


def judging(size: data.Size, folder: Path, repeats: int) -> Section:
    """The same measures judged and counted from the same admitted Parquet."""
    files = admitted(size, folder)
    contenders = {
        "ours": Contender(of_module("ours", files, folder / "ours.parquet")),
        "bare DuckDB": Contender(of_module("bare_duckdb", "judge", files, folder / "duckdb.parquet")),
        "bare scan of the columns": Contender(of_module("bare_scan", files)),
    }
    if size.calls <= 3_000_000:
        contenders["plain pandas"] = Contender(of_module("plain_pandas", "judge", files, folder / "pandas.parquet"))
    costs = {name: typical(found) for name, found in interleaved(contenders, repeats, folder).items()}
    _must_agree([folder / f"{name}.parquet" for name in ("before", "ours", "duckdb", "pandas")])
    ours, bare, scan = (costs[name] for name in ("ours", "bare DuckDB", "bare scan of the columns"))
    aims = [aim("Ours beside bare DuckDB", ours.wall / bare.wall, 1.2)]
    if "plain pandas" in costs:
        aims.append(aim("Ours beside plain pandas", ours.wall / costs["plain pandas"].wall, 0.5))
    else:
        aims.append(aim("Ours beside the bare scan", ours.wall / scan.wall, 12))
        aims.append(aim("Peak memory", ours.megabytes / 1024, 4, "GB"))
    what = f"{len(MEASURES)} measures judged and counted from admitted Parquet, every case with its name and clocks"
    return Section(f"{what}: {size.title}", list(costs.items()), aims, repeats)


def admitted(size: data.Size, folder: Path) -> Path:
    """Admit what is delivered, by bare DuckDB; returns a JSON file that lists the Parquet files of each log."""
    data.write(size, folder / "in")
    kept, files = folder / "kept", folder / "files.json"
    kept.mkdir()
    measured(of_module("bare_duckdb", "whole", folder / "in", folder / "before.parquet", kept), folder)
    shutil.rmtree(folder / "in")
    listed = {log: sorted(map(str, (kept / log).rglob("*.parquet"))) for log in data.LOGS}
    files.write_text(json.dumps(listed), "utf-8")
    return files


def asking_gx(size: data.Size, folder: Path, repeats: int) -> Section:
    """The row rules of the calls, put by our door and by GX on pandas alone, imports apart."""
    data.write(size, folder / "in")
    staged = folder / "staged"
    staged.mkdir()
    measured(of_module("gx_rows", "stage", folder / "in", staged), folder)
    names = {"our door": "door", "GX on pandas alone": "pandas"}
    contenders = {
        name: Contender(of_module("gx_rows", mode, staged, folder / f"{mode}.json")) for name, mode in names.items()
    }
    found = interleaved(contenders, repeats, folder)
    answers = {(folder / f"{mode}.json").read_text("utf-8") for mode in names.values()}
    if len(answers) > 1:
        raise SystemExit("the two did not find the same rows: they were not asked the same")
    costs = {name: typical([cost.without(*json.loads(cost.said)) for cost in each]) for name, each in found.items()}
    ours, alone = costs.values()
    aims = [
        aim("Our door beside GX on pandas", ours.wall / alone.wall, 0.5),
        aim("… its memory", ours.megabytes / alone.megabytes, 0.5),
    ]
    return Section(f"The fitness rules of the calls, imports apart: {size.title}", list(costs.items()), aims, repeats)


def reading(folder: Path, repeats: int) -> Section:
    """Commands that only read, on a small store: what is measured is their start."""
    data.write(data.SIZES["tiny"], folder / "in")
    _empty(folder / "ours")
    measured(_run(folder), folder)
    where = _where(folder)
    commands = ("verdicts", "commitments", "breaches", "quarantine", "runs", "sql --measure answer_999", "budget")
    contenders = {f"`pledge {each}`": Contender(pledge(*each.split(), *where)) for each in commands}
    contenders |= {f"`pledge {each}`": Contender(pledge(*each.split())) for each in ("standards list", "settings")}
    costs = {name: typical(found) for name, found in interleaved(contenders, repeats, folder).items()}
    slowest = max(cost.wall for cost in costs.values())
    return Section(
        "Reading commands, start to end", list(costs.items()), [aim("The slowest", slowest, 0.5, "s")], repeats
    )


def _where(folder: Path) -> list[str]:
    return ["--lake", f"{folder}/ours/lake", "--store", f"sqlite:///{folder}/ours/pledge.sqlite"]


def _run(folder: Path) -> list[str]:
    return pledge("run", "--input", folder / "in", "--as-at", data.AS_AT, *_where(folder))


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def _as_parquet(store: Path, counts: Path) -> None:
    """The figures the night recorded, of the measures that all contenders count."""
    wanted = ", ".join(column for column in COLUMNS if column != "measure")
    marks = ", ".join("?" * len(MEASURES))
    with sqlite3.connect(store) as read:
        rows = read.execute(
            f"select measure, {wanted} from verdicts where measure in ({marks}) and period in ('day', 'month', 'year') "
            "and cases + excluded + timed > 0",
            MEASURES,
        ).fetchall()
    table = pa.table(dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)))
    pq.write_table(table, counts)


def _must_agree(counts: list[Path]) -> None:
    """Stops the bench unless every contender counted the same cases of the same state in every place and period."""
    con = duckdb.connect()
    first, *others = [path for path in counts if path.exists()]
    for other in others:
        one, two = (f"select {SAME} from {literal(str(path))}" for path in (first, other))
        differing, total = con.execute(
            f"select (select count(*) from ({one} except {two})) + (select count(*) from ({two} except {one})), "
            f"(select count(*) from ({one}))"
        ).fetchall()[0]
        if differing or not total:
            raise SystemExit(f"{first.stem} and {other.stem} differ in {differing:,} of {total:,} counts")
        print(f"  {first.stem} and {other.stem} agree in all {total:,} counts", flush=True)


def _of(what: Callable[[data.Size, Path, int], Section], size: str, times: int, folder: Path, repeats: int) -> Section:
    return what(data.SIZES[size], folder, repeats or times)


# What `--size` names: tables, each with its own data. Those of ONLY_BY_NAME are not run without being asked for.
SECTIONS: Mapping[str, Sequence[Callable[[Path, int], Section]]] = {
    "national": [partial(_of, night, "national", 1)],
    "3m": [partial(_of, night, "3m", 1), partial(_of, judging, "3m", 3)],
    "gx": [partial(_of, asking_gx, "3m", 3)],
    "30m": [partial(_of, judging, "30m", 1)],
    "reading": [lambda folder, repeats: reading(folder, repeats or 5)],
    "30m-night": [partial(_of, night, "30m", 1)],
    "tiny": [partial(_of, each, "tiny", 1) for each in (night, judging, asking_gx)],
}
ONLY_BY_NAME = ("30m-night", "tiny")
