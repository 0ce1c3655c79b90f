"""Erasure as those who answer for it meet it: gone from every byte, recorded, and the chain and the figures hold."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from connectors.store.engine import open_store, reading
from connectors.store.read import read_table
from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge, Row, one

NIGHTS = ("2026-03-02T06:00:00Z", "2026-03-03T06:00:00Z")
PLANTED = "URN-7731-planted"
WHY = ("--reason", "asked for by the person", "--author", "Data protection officer")
FIGURE = ("standard", "measure", "force", "area", "neighbourhood", "period", "period_start")


def deliver(pledge: Pledge, correction: float) -> None:
    """Calls of two months, one of them planted; its incident; and a row that repeats it in quarantine."""
    calls = [call(f"jan{n}", f"2026-01-1{n % 9} 0{n % 10}:00:00", (5, 12)[n % 2]) for n in range(12)]
    calls += [call(f"feb{n}", f"2026-02-1{n % 9} 1{n % 10}:00:00", (5, 12)[n % 2]) for n in range(12)]
    calls += [call(PLANTED, "2026-02-14 09:00:00", correction), call("odd", "2026-02-14 09:00:00", 5, line="998")]
    write(pledge.input, "calls", calls)
    incidents = [incident(f"i{n}", f"2026-02-1{n} 10:00:00", 9 + n, call_id=f"feb{n}") for n in range(5)]
    of_planted = incident("i-planted", "2026-02-14 09:01:00", 10 + correction, call_id=PLANTED)
    refused = incident("i-refused", "2026-02-14 09:02:00", call_id=PLANTED, grade_first="urgent")
    write(pledge.input, "incidents", [*incidents, of_planted, refused])


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Pledge:
    """Two nights: the second corrects the planted call, so that an old version holds it too."""
    pledge = Pledge(tmp_path_factory.mktemp("lived"))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PLEDGE_")]:
            patch.delenv(name)
        for night, seconds in zip(NIGHTS, (14, 17), strict=True):
            deliver(pledge, seconds)
            said = pledge.run(night)
            assert said.code == 0, said.err
    return pledge


@pytest.fixture
def copy(lived: Pledge, tmp_path: Path) -> Pledge:
    shutil.copytree(lived.folder, tmp_path / "copy")
    return Pledge(tmp_path / "copy")


def holding(folder: Path, text: str) -> list[str]:
    """The files below a folder in which a text stands, in any byte, or in any value of what is compressed."""
    wanted = text.encode()
    return [str(path) for path in folder.rglob("*") if path.is_file() and _holds(path, wanted)]


def _holds(path: Path, wanted: bytes) -> bool:
    try:
        return wanted in path.read_bytes() or wanted in _values(path)
    except FileNotFoundError:  # SQLite takes its -wal away with the last connection
        return False


def _values(path: Path) -> bytes:
    return str(pq.ParquetFile(path).read().to_pydict()).encode() if path.suffix == ".parquet" else b""


def said_of(pledge: Pledge) -> list[Row]:
    return sorted(pledge.rows("verdicts"), key=lambda row: [row[name] for name in FIGURE])


def test_an_erased_record_is_nowhere_and_everything_else_stays(copy: Pledge) -> None:
    before = said_of(copy)
    assert holding(copy.lake, PLANTED)
    leftover = copy.lake / "calls" / "force=norfolk" / "part-1.parquet#9"
    leftover.write_bytes(PLANTED.encode())

    dry = copy("erase", "--key", PLANTED, "--dry-run", "--format", "json")
    assert {(row["log"], row["records"]) for row in dry.rows} == {("calls", 1), ("incidents", 1)}
    assert copy.rows("erasures") == []

    said = copy("erase", "--key", PLANTED, *WHY)
    assert said.code == 0, said.err
    assert holding(copy.lake, PLANTED) == []
    assert holding(copy.lake, "i-planted") == []
    assert [path for path in holding(copy.folder, PLANTED) if "/logs/" not in path] == []

    verified = copy("verify", "--format", "json")
    assert verified.code == 0, verified.out.decode() + verified.err
    assert "Data protection officer" in verified.err
    records = {(row["log"], row["force"]): row for row in copy.rows("erasures")}
    assert records["calls", "norfolk"]["records"] == 1
    assert records["calls", "norfolk"]["months"] == "2026-02"
    assert PLANTED not in str(records)
    assert all(row["case_id"] not in (PLANTED, "i-planted") for row in copy.rows("cases", "--measure", "answer_999"))
    assert all(row["case_id"] != PLANTED for row in copy.rows("breaches"))

    # The next night finds nothing to restate, and the old file brings nothing back.
    assert said_of(copy) == before
    deliver(copy, 15)
    again = copy.run("2026-03-03T06:00:00Z")
    assert again.code == 0, again.err
    assert said_of(copy) == before
    assert holding(copy.lake, PLANTED) == []
    refused = [row for row in copy.rows("quarantine") if row["rule"] == "erased"]
    assert len(refused) == 3
    assert {(row["key"], row["kept_values"]) for row in refused} == {("", "{}")}
    assert copy("verify").code == 0
    third = copy("run", "--as-at", "2026-03-04T06:00:00Z")
    assert third.code == 0, third.err
    changed = [row for row in said_of(copy) if row not in before]
    assert {row["period"] for row in changed} <= {"rolling_12_months", "day", "month", "year"}
    assert copy.figure("answer_999", "month", "2026-02-01")["cases"] == 13


FINDINGS = ("delays", "integrity_signals", "comparisons", "funnels")


def findings_of(pledge: Pledge) -> dict[str, list[Row]]:
    """What stands of everything a run finds beside its figures."""
    with reading(open_store(pledge.store)) as conn:
        return {name: [dict(row) for row in read_table(conn, name)] for name in FINDINGS}


def test_an_erasure_restates_nothing_that_was_found(copy: Pledge) -> None:
    assert copy("erase", "--key", PLANTED, *WHY).code == 0
    before = findings_of(copy)
    assert all(before[name] for name in FINDINGS[:2])
    deliver(copy, 17)
    assert copy.run("2026-03-03T06:00:00Z").code == 0
    assert findings_of(copy) == before
    # What changes by itself is found, all the same.
    late = [incident(f"i-late{n}", "2026-02-20 10:00:00", 40, call_id=f"feb{n}") for n in range(7, 10)]
    write(copy.input, "incidents", late)
    assert copy.run("2026-03-03T06:20:00Z").code == 0
    after = findings_of(copy)
    changed = {row["period_start"].isoformat() for row in after["delays"] if row not in before["delays"]}
    assert changed == {"2026-02-01"}
    assert after["integrity_signals"] != before["integrity_signals"]


def test_months_are_erased_whole_and_their_figures_stay(copy: Pledge) -> None:
    before = said_of(copy)
    said = copy("erase", "--log", "calls", "--before", "2026-02-01", *WHY, "--format", "json")
    assert said.code == 0, said.err
    assert one(said.rows)["records"] == 12
    assert holding(copy.lake, "jan3") == []
    assert copy("verify").code == 0
    deliver(copy, 17)
    assert copy.run("2026-03-03T06:00:00Z").code == 0
    assert said_of(copy) == before
    assert holding(copy.lake, "jan3") == []
    assert copy("verify").code == 0


SENSITIVE = ("measure", "force", "period_start", "changed", "definition")


def otherwise(pledge: Pledge, *options: str) -> dict[str, Row]:
    """The figures of calls and of attendance by month under every definition that has the times it asks for."""
    rows = [
        row
        for measure in ("answer_999", "attend_emergency")
        for row in pledge.rows("sensitivity", "--measure", measure, *options)
        if row["period"] == "month" and row["definition"]["clock_start"] != "dialled"
    ]
    return {str([row.get(name) for name in SENSITIVE]): row for row in rows}


@pytest.mark.parametrize("order", [("--key", PLANTED), ("--log", "calls", "--before", "2026-02-01")])
def test_an_erasure_changes_no_figure_under_another_definition(copy: Pledge, order: tuple[str, ...]) -> None:
    live, recorded = ("--period", "month"), ("--recorded",)
    before = {options: otherwise(copy, *options) for options in (live, recorded)}
    assert copy("erase", *order, *WHY).code == 0
    assert otherwise(copy, *live) == before[live]
    said = copy("sensitivity", "--measure", "answer_999")
    assert "norfolk, answer_999: cases of erased records: " in said.err
    deliver(copy, 17)
    assert copy.run("2026-03-03T06:00:00Z").code == 0
    assert "Some figures count cases of erased records" in copy("sensitivity", "--recorded").err
    after = otherwise(copy, *recorded)
    assert [row | {"run_id": ""} for row in after.values()] == [
        row | {"run_id": ""} for row in before[recorded].values()
    ]
    assert len({row["changed"] for row in after.values()}) > 3
    assert {row["cases"] for key, row in after.items() if "answer_999" in key} == {12, 13}


def test_of_what_was_erased_only_the_own_definition_is_known(pledge: Pledge) -> None:
    """A call answered at the limit exactly is met within it, and missed where it has to be under: once, while it is
    there; erased it counts as met under both, and the command says so."""
    write(pledge.input, "calls", [call(PLANTED, "2026-02-14 09:00:00", 10), call("c2", "2026-02-14 10:00:00", 10)])
    assert pledge.run(NIGHTS[0]).code == 0

    def met() -> dict[str, tuple[int, int]]:
        rows = pledge.rows("sensitivity", "--measure", "answer_999")
        return {row["definition"]["limit"]: (row["met"], row["cases"]) for row in rows}

    assert met() == {"within": (2, 2), "under": (0, 2)}
    assert pledge("erase", "--key", PLANTED, *WHY).code == 0
    assert met() == {"within": (2, 2), "under": (1, 2)}
    said = pledge("sensitivity", "--measure", "answer_999").err
    assert "norfolk, answer_999: cases of erased records: 1. Under every definition they count as they did" in said
    assert pledge("report", "--out", str(pledge.folder / "site")).code == 0
    page = (pledge.folder / "site" / "measures" / "answer_999" / "norfolk.html").read_text("utf-8")
    assert "Cases whose records were erased count under every definition as they did" in page


def test_after_an_erasure_the_other_runs_are_still_judged_again(pledge: Pledge) -> None:
    """Three runs; a record of the second is erased; a run follows, and an erasure of a whole month, and a run."""

    def night(day: int, *calls: dict[str, str]) -> str:
        write(pledge.input, "calls", list(calls))
        assert pledge.run(f"2026-03-{day:02}T06:00:00Z").code == 0
        return str(pledge.rows("runs")[-1]["run_id"])

    january = [call(f"jan{n}", f"2026-01-1{n} 09:00:00", (5, 12)[n % 2]) for n in range(6)]
    february = [call(f"feb{n}", f"2026-02-1{n} 09:00:00", (5, 12)[n % 2]) for n in range(6)]
    first = night(1, *january)
    second = night(2, *january, *february, call(PLANTED, "2026-02-14 09:00:00", 14))
    third = night(3, *january, *february, call(PLANTED, "2026-02-14 09:00:00", 17))
    assert pledge("erase", "--key", PLANTED, *WHY).code == 0
    erasure = pledge.rows("erasures")[0]["run_id"]
    fourth = night(4, *january, *february, call("mar1", "2026-03-02 09:00:00", 30))
    assert pledge.figure("answer_999", "month", "2026-02-01")["cases"] == 7

    said = pledge("verify", "--recompute", "--format", "json")
    assert said.code == 0, said.out.decode() + said.err
    lines = said.err.splitlines()
    for gone in (second, third):
        [line] = [line for line in lines if f"run {gone}" in line and "annot be recomputed" in line]
        assert f"run {erasure} erased them: asked for by the person" in line
    for kept in (first, fourth):
        [line] = [line for line in lines if line.startswith(f"{kept}: ")]
        assert "all as recorded" in line

    assert pledge("erase", "--log", "calls", "--before", "2026-02-01", *WHY).code == 0
    fifth = night(5, *february, call("mar2", "2026-03-04 09:00:00", 5))
    assert pledge.figure("answer_999", "month", "2026-01-01")["cases"] == 6
    said = pledge("verify", "--recompute", "--format", "json")
    assert said.code == 0, said.out.decode() + said.err
    assert [line for line in said.err.splitlines() if line.startswith(f"{fifth}: ") and "all as recorded" in line]
    assert said.err.count("annot be recomputed: ") == 4


def test_a_file_gone_without_a_record_is_named(copy: Pledge) -> None:
    assert copy("erase", "--key", PLANTED, *WHY).code == 0
    missing = sorted((copy.lake / "calls").rglob("*.parquet"))[0]
    missing.unlink()
    said = copy("verify", "--format", "json")
    assert said.code == 4
    assert missing.name in str(said.rows)


def test_an_erasure_cannot_be_invented(copy: Pledge) -> None:
    assert copy("erase", "--key", PLANTED, *WHY).code == 0
    missing = sorted((copy.lake / "calls").rglob("*.parquet"))[0]
    key, digest = str(missing.relative_to(copy.lake)), sha256(missing.read_bytes()).hexdigest()
    run = copy.rows("erasures")[0]["run_id"]
    with closing(sqlite3.connect(copy.folder / "pledge.sqlite")) as db:
        db.execute("insert into erased values (?, 'lake/calls', ?, ?, '')", (run, key, digest))
        db.commit()
    missing.unlink()
    said = copy("verify", "--format", "json")
    assert said.code == 4
    named = str([row["where"] for row in said.rows])
    assert missing.name in named
    assert "erased" in named


def test_an_erasure_that_was_killed_is_made_good(copy: Pledge) -> None:
    """Recorded and sealed, but the files not yet removed: the next erasure removes them."""
    kept = copy.folder / "kept"
    shutil.copytree(copy.lake / "calls", kept)
    assert copy("erase", "--key", PLANTED, *WHY).code == 0
    for path in kept.rglob("*.parquet"):
        back = copy.lake / "calls" / path.relative_to(kept)
        if not back.exists():
            shutil.copy(path, back)
    assert holding(copy.lake, PLANTED)
    assert copy("verify").code == 0
    assert copy("erase", "--key", PLANTED, *WHY).code == 0
    assert holding(copy.lake, PLANTED) == []
    assert copy("verify").code == 0


def test_by_retention_what_is_too_old_goes(copy: Pledge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = tmp_path / "retention.yaml"
    monkeypatch.setenv("PLEDGE_RETENTION", str(kept))
    kept.write_text("retention: {calls: 20, incidents: 3000}\n", "utf-8")
    said = copy("erase", "--by-retention", "--as-at", "2026-03-01T12:00:00Z", "--format", "json")
    assert said.code == 0, said.err
    assert one(said.rows)["months"] == "2026-01"
    assert [(row["reason"], row["before"]) for row in copy.rows("erasures", "--log", "calls")] == [
        ("retention", "2026-02-01")
    ]
    assert copy("verify").code == 0
    for wrong in ("retention: {call: 5}", "retention: {calls: 0}", "- 1", "retention: {neighbourhoods: 5}"):
        kept.write_text(wrong, "utf-8")
        assert copy("erase", "--by-retention", "--dry-run").code == 2


def test_without_the_key_of_the_tombstones_nothing_is_admitted(copy: Pledge) -> None:
    assert copy("erase", "--key", PLANTED, *WHY).code == 0
    (copy.folder / "signing-key.pem").unlink()
    said = copy.run("2026-03-04T06:00:00Z")
    assert said.code == 2
    assert "they could come back unseen" in said.sentence


def test_an_erasure_is_no_night_to_judge_from(copy: Pledge) -> None:
    before = copy("sql", "--measure", "answer_999").out.splitlines()[0]
    assert copy("erase", "--key", "nobody", *WHY).code == 0
    assert copy("sql", "--measure", "answer_999").out.splitlines()[0] == before


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((), "--key, --before, --by-retention"),
        (("--key", "x"), "--reason"),
        (("--before", "2026-02-01", *WHY), "--log"),
        (("--before", "2026-02-02", "--log", "calls", *WHY), "first day of a month"),
        (("--before", "2026-02-01", "--log", "call", *WHY), "there is no such log"),
        (("--before", "2026-02-01", "--log", "neighbourhoods", *WHY), "its rows have no date"),
        (("--by-retention",), "PLEDGE_RETENTION"),
    ],
)
def test_what_is_not_clear_is_refused(lived: Pledge, asked: tuple[str, ...], said: str) -> None:
    done = lived("erase", *asked)
    assert done.code == 2
    assert said in done.sentence
