"""The re-performance pack, opened by a stranger who has DuckDB and nothing else: it gives the published numbers."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from checks.commitment import measures
from connectors.settings import Settings
from connectors.store.engine import open_store, reading
from dags.pack_figures import Asked
from dags.packing import pack
from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge, Said, one
from tests.journey.stranger import bare_duckdb, bare_python

Row = dict[str, Any]
STANDARD = "policing_pledge_2008"
FIGURE = ("standard", "measure", "force", "area", "neighbourhood", "period", "period_start")
COUNTS = ("numerator", "denominator", "cases", "met", "missed", "pending", "unknown", "excluded", "timed")
NIGHTS = ("2026-03-03T06:00:00Z", "2026-03-04T06:00:00Z")
FIRST_OF_MARCH = ("--measure", "answer_999", "--force", "norfolk", "--period", "2026-03-01")


def unpacked(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        file.extractall(folder)
    return folder


def lines(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def packs(of_every_log: Pledge, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A pack of every measure, unpacked, as the second night left its figures."""
    folder = tmp_path_factory.mktemp("packs")
    settings = replace(Settings(), lake=str(of_every_log.lake), store=of_every_log.store)
    found = {}
    periods = {name: ["year" if "year" in each.periods else each.periods[-1]] for name, each in measures().items()}
    periods["answer_999"].append("day")
    periods["message_answered"].append("month")
    with reading(open_store(settings.store)) as conn:
        for name, period in ((name, period) for name, some in periods.items() for period in some):
            made = pack(conn, settings, Asked(name, period, forces=("norfolk",), sample=3), None)
            assert made.told.amiss == [], name
            found[f"{name}.{period}"] = unpacked(made.content, folder / f"{name}.{period}")
    assert {name.partition(".")[0] for name in found} == set(measures())
    return found


def test_a_stranger_rederives_every_measure(packs: dict[str, Path], of_every_log: Pledge, tmp_path: Path) -> None:
    figures = {tuple(row[name] for name in FIGURE): row for row in of_every_log.rows("verdicts")}
    answers = bare_python(tmp_path, *(folder / "rederive.py" for folder in packs.values()))
    for name, folder in packs.items():
        code, said = answers[str(folder / "rederive.py")]
        published = lines(folder / "figures.csv")
        assert code == 0, (name, said)
        assert published
        assert len(said) == 2 * len(published)  # counted from the cases, and judged from the rows
        for row in published:
            recorded = figures[tuple(row[name] for name in FIGURE)]
            assert {count: row[count] for count in COUNTS} == {count: str(recorded[count]) for count in COUNTS}
            assert any(f"{recorded['numerator']} / {recorded['denominator']} as published" in line for line in said)


def test_the_sql_judges_each_case_as_it_was_judged(packs: dict[str, Path], tmp_path: Path) -> None:
    """Not the counts alone: every case of the pack has the state it has in the lake."""
    listing = 'select standard, measure, "force", case_id, state, reason from all_cases order by all;'
    scripts = {}
    for name, folder in packs.items():
        for script in ("count.sql", "judge.sql"):
            text = (folder / script).read_text("utf-8").replace("'rows/", f"'{folder}/rows/")
            for file in ("cases.parquet", "missed_cases.parquet"):
                text = text.replace(f"'{file}'", f"'{folder}/{file}'")
            of_figures = listing.replace("all_cases", "figure_cases")
            scripts[name, script] = tmp_path / f"{name}.{script}"
            scripts[name, script].write_text(f"{text}\n{of_figures}", "utf-8")
    answers = bare_duckdb(tmp_path, *scripts.values())
    for name in packs:
        counted, judged = (answers[str(scripts[name, script])] for script in ("count.sql", "judge.sql"))
        assert counted == judged, name


def test_the_proofs_hold_without_our_package(packs: dict[str, Path], tmp_path: Path) -> None:
    folders = [packs["answer_999.day"], packs["explained.year"], packs["turnover.rolling_12_months"]]
    for path, (code, said) in bare_python(tmp_path, *(folder / "check_proofs.py" for folder in folders)).items():
        assert (code, said[-1]) == (0, "The proofs hold."), (path, said)
        assert said[0] == "Signatures are not checked: the package `cryptography` is not installed."
    code, said = check_proofs(folders[0])
    assert (code, said) == (0, ["The proofs hold."])


def check_proofs(folder: Path, *more: str) -> tuple[int, list[str]]:
    done = subprocess.run([sys.executable, folder / "check_proofs.py", *more], capture_output=True, text=True)
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


FORGED = [
    ("figures.csv", ",too_few,", ",kept,", "figures.csv does not say of answer_999 of norfolk"),
    ("figures.csv", ",norfolk,", ",suffolk,", "figures.csv does not say of answer_999 of norfolk"),
    ("proofs/figures.jsonl", '"met":', '"met":1', "is not among what its run sealed"),
    ("proofs/chain.jsonl", "2026-03-03T06:00:00", "2026-03-02T06:00:00", "has another hash"),
    ("proofs/manifest.json", '"count":', '"count":1', "manifest.json is not in the chain"),
    ("standards/2008-12-31_policing_pledge.yaml", "seconds", "minutes", "is not the file the run judged by"),
]


@pytest.mark.parametrize(("name", "before", "after", "says"), FORGED)
def test_a_forged_pack_is_found(
    packs: dict[str, Path], tmp_path: Path, name: str, before: str, after: str, says: str
) -> None:
    folder = Path(shutil.copytree(packs["answer_999.day"], tmp_path / "pack"))
    was = (folder / name).read_text("utf-8")
    assert before in was
    (folder / name).write_text(was.replace(before, after, 1), "utf-8")
    code, said = check_proofs(folder)
    assert code == 1
    assert f"{name} is not the file the pack was made with" in said
    _sum_anew(folder)
    code, said = check_proofs(folder)
    assert (code, said[-1]) == (1, "The proofs do not hold.")
    assert any(says in line for line in said)


def test_signed_by_somebody_else(packs: dict[str, Path], of_every_log: Pledge, tmp_path: Path) -> None:
    from connectors.signing import signing_key

    signing_key(tmp_path / "other.pem")
    code, said = check_proofs(packs["answer_999.day"], str(tmp_path / "other.pem.pub"))
    assert code == 1
    assert "is not signed by the key" in said[0]
    assert check_proofs(packs["answer_999.day"], str(of_every_log.folder / "signing-key.pem.pub"))[0] == 0


def _sum_anew(folder: Path) -> None:
    """Whoever forges a file of the pack writes SHA256SUMS anew, too."""
    names = [line.split("  ", 1)[1] for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines()]
    sums = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / "SHA256SUMS").write_text("".join(sums), "utf-8")


class Two:
    """Two nights of calls and incidents whose references cannot be mistaken for anything else."""

    def __init__(self, pledge: Pledge, more: Callable[[Pledge], None] | None = None) -> None:
        self.pledge = pledge
        days = ("2026-03-01", "2026-03-02")
        area = {"area": "=HYPERLINK(1)"}
        calls = [call(f"URN-{d}-{n}", f"{d} 0{n}:00:00", 4 + 3 * n, **area) for d in days for n in range(6)]
        write(pledge.input, "calls", calls)
        incidents = [
            incident(f"INC-{n}", f"2026-03-01 0{n}:00:00", 10 + n, call_id=f"URN-2026-03-01-{n}") for n in range(5)
        ]
        write(
            pledge.input, "incidents", [*incidents, {**incidents[0], "incident_id": "INC-9", "duplicate_of": "INC-0"}]
        )
        assert pledge.run(NIGHTS[0]).code == 0
        late = call("URN-late", "2026-03-01 23:00:00", 90, **area)
        write(pledge.input, "calls", [*calls, late])
        assert pledge.run(NIGHTS[1]).code == 0
        self.runs = [row["run_id"] for row in pledge.rows("runs")]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Two:
    return Two(Pledge(tmp_path_factory.mktemp("two")))


def packed(pledge: Pledge, folder: Path, *options: str) -> tuple[Said, Path]:
    folder.mkdir(exist_ok=True)
    said = pledge("pack", *FIRST_OF_MARCH, "--out", str(folder / "pack.zip"), "--format", "json", *options)
    inside = folder / "pack"
    if (folder / "pack.zip").exists():
        unpacked((folder / "pack.zip").read_bytes(), inside)
    return said, inside


def test_said_by_the_command(two: Two, tmp_path: Path) -> None:
    said, folder = packed(two.pledge, tmp_path, "--sample", "3")
    assert said.code == 0, said.err
    row = one(said.rows)
    assert (row["figures"], row["cases"], row["sampled"], row["rows"], row["rederived"]) == (1, 7, 3, 7, True)
    assert row["sha256"] == hashlib.sha256((tmp_path / "pack.zip").read_bytes()).hexdigest()
    assert (tmp_path / "pack.zip").stat().st_mode & 0o077 == 0
    figure = two.pledge.figure("answer_999", "day", "2026-03-01")
    assert one(lines(folder / "figures.csv"))["denominator"] == str(figure["denominator"]) == "7"
    readme = (folder / "README.md").read_text("utf-8")
    assert f"{figure['numerator']} / {figure['denominator']} | {figure['rate']:.2%}" in readme
    assert "{{" not in readme
    assert len(lines(folder / "sample.csv")) == 3
    rows = lines(folder / "sample" / "calls.csv")
    assert {row["case_id"] for row in rows} == {row["call_id"] for row in rows}
    assert {row["case_id"] for row in rows} == {row["case_id"] for row in lines(folder / "sample.csv")}
    delivered = {row["sha256"]: Path(row["location"]) for row in rows}
    assert all(row["row_number"] and row["delivery_id"] for row in rows)
    assert delivered.keys() <= {row["sha256"] for row in lines(folder / "deliveries.csv")}


def test_as_an_earlier_run_left_it(two: Two, tmp_path: Path) -> None:
    said, folder = packed(two.pledge, tmp_path, "--run", two.runs[0])
    assert said.code == 0, said.err
    assert one(said.rows)["cases"] == 6
    code, told = bare_python(tmp_path, folder / "rederive.py")[str(folder / "rederive.py")]
    assert code == 0
    assert all("/ 6 as published" in line for line in told)
    assert [json.loads(line)["run_id"] for line in (folder / "proofs" / "chain.jsonl").open()] == two.runs[:1]


def test_the_same_pack_is_the_same_bytes_and_another_seed_another_sample(two: Two, tmp_path: Path) -> None:
    made = {}
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        (tmp_path / name).mkdir()
        said, folder = packed(two.pledge, tmp_path / name, "--sample", "3", "--seed", seed)
        assert said.code == 0, said.err
        made[name] = ((tmp_path / name / "pack.zip").read_bytes(), (folder / "sample.csv").read_text("utf-8"))
    assert made["a"] == made["b"]
    assert made["a"][1] != made["c"][1]


def test_the_sample_can_be_drawn_again(two: Two, tmp_path: Path) -> None:
    _, folder = packed(two.pledge, tmp_path, "--sample", "4", "--seed", "2026")
    cases = lines(folder / "cases.csv")
    drawn = sorted(cases, key=lambda row: _drawn(row, "2026"))[:4]
    assert {row["case_id"] for row in drawn} == {row["case_id"] for row in lines(folder / "sample.csv")}


def _drawn(row: Row, seed: str) -> str:
    said = "|".join((seed, row["standard"], row["force"], row["case_id"]))
    return hashlib.sha256(said.encode()).hexdigest()


def _everything(folder: Path) -> str:
    """All that can be read in a pack, whatever its form."""
    texts = []
    for path in sorted(folder.rglob("*.*")):
        if path.suffix == ".parquet":
            texts.append(json.dumps(pq.read_table(path).to_pylist(), default=str))
        elif path.suffix == ".xlsx":
            book = openpyxl.load_workbook(path)
            texts += [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
        else:
            texts.append(path.read_text("utf-8"))
    return "\n".join(texts)


@pytest.mark.parametrize("measure", ["answer_999", "attend_emergency"])
def test_no_reference_is_in_it_and_logs_still_join(two: Two, tmp_path: Path, measure: str) -> None:
    said, folder = packed(two.pledge, tmp_path, "--measure", measure, "--references", str(tmp_path / "names.csv"))
    assert said.code == 0, said.err
    told = _everything(folder)
    assert "URN-" not in told
    assert "INC-" not in told
    names = {row["case_id"]: row["reference"] for row in lines(tmp_path / "names.csv")}
    assert len(names) == len(lines(folder / "sample.csv"))
    assert all(re.fullmatch(r"p[0-9a-f]{24}", name) for name in names)
    assert all(reference.startswith(("URN-", "INC-")) for reference in names.values())
    if measure == "attend_emergency":
        rows = {row["incident_id"]: row for row in pq.read_table(folder / "rows" / "incidents.parquet").to_pylist()}
        of = {reference: name for name, reference in names.items()}
        assert rows[of["INC-9"]]["duplicate_of"] == of["INC-0"]


def test_under_the_key_of_the_lake_the_force_finds_the_record(
    pledge: Pledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pledge("pseudonyms", "new-key", str(tmp_path / "key")).code == 0
    monkeypatch.setenv("PLEDGE_PSEUDONYM_KEY", str(tmp_path / "key"))
    Two(pledge)
    said, folder = packed(pledge, tmp_path)
    assert said.code == 0, said.err
    named = pledge("pseudonym", "URN-late").out.decode().strip()
    assert named in {row["case_id"] for row in lines(folder / "cases.csv")}
    assert bare_python(tmp_path, folder / "rederive.py")[str(folder / "rederive.py")][0] == 0
    monkeypatch.delenv("PLEDGE_PSEUDONYM_KEY")
    hidden = Path(packed(pledge, tmp_path / "without")[1])
    assert named not in (hidden / "cases.csv").read_text("utf-8"), "the name in the lake is a reference, too"


def test_no_formula_runs_in_a_spreadsheet(two: Two, tmp_path: Path) -> None:
    _, folder = packed(two.pledge, tmp_path, "--area", "=HYPERLINK(1)")
    assert one(lines(folder / "figures.csv"))["area"] == "'=HYPERLINK(1)"
    assert {row["area"] for row in lines(folder / "sample" / "calls.csv")} == {"'=HYPERLINK(1)"}
    assert {row["area"] for row in pq.read_table(folder / "cases.parquet").to_pylist()} == {"=HYPERLINK(1)"}
    book = openpyxl.load_workbook(folder / "pack.xlsx")
    assert book.sheetnames == ["Cover", "Contents", "Notes", "Figures", "Sample", "Rows calls", "Deliveries"]
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    assert "'=HYPERLINK(1)" in {cell.value for row in book["Sample"].iter_rows() for cell in row}
    assert all(len(book[name].tables) == 1 for name in ("Notes", "Figures", "Sample", "Rows calls", "Deliveries"))
    for program in ("rederive.py", "check_proofs.py"):
        code, said = bare_python(tmp_path, folder / program)[str(folder / program)]
        assert code == 0, said


def test_with_the_rows_of_the_sample_only(two: Two, tmp_path: Path) -> None:
    said, folder = packed(two.pledge, tmp_path, "--rows", "sample", "--sample", "2")
    assert said.code == 0, said.err
    assert "the pack has those of the sampled cases" in said.err
    assert one(said.rows)["rows"] == pq.read_table(folder / "rows" / "calls.parquet").num_rows == 2
    code, told = bare_python(tmp_path, folder / "rederive.py")[str(folder / "rederive.py")]
    assert code == 0
    assert [line.split()[0] for line in told] == ["count.sql", "judge.sql", "judge.sql"]
    assert all("as published" in line for line in told)


@pytest.mark.parametrize(("sample", "drawn"), [("0", 0), ("7", 7), ("100", 7)])
def test_no_sample_and_a_sample_of_all(two: Two, tmp_path: Path, sample: str, drawn: int) -> None:
    said, folder = packed(two.pledge, tmp_path, "--sample", sample)
    assert said.code == 0, said.err
    assert one(said.rows)["sampled"] == len(lines(folder / "sample.csv")) == drawn
    assert bare_python(tmp_path, folder / "rederive.py")[str(folder / "rederive.py")][0] == 0


def test_a_figure_that_was_changed_is_not_rederived(two: Two, tmp_path: Path) -> None:
    shutil.copytree(two.pledge.folder, tmp_path / "copy")
    store = tmp_path / "copy" / "pledge.sqlite"
    with sqlite3.connect(store) as con:
        for (name,) in con.execute("select name from sqlite_master where type = 'trigger' and tbl_name = 'verdicts'"):
            con.execute(f"drop trigger {name}")
        con.execute("update verdicts set met = met + 1, numerator = numerator + 1, missed = missed - 1")
    said, folder = packed(Pledge(tmp_path / "copy"), tmp_path)
    assert said.code == 1
    assert "is not as its run sealed it" in said.err
    assert "counted from its cases" in said.err
    assert one(said.rows)["rederived"] is False
    assert "**Attention.**" in (folder / "README.md").read_text("utf-8")
    code, told = bare_python(tmp_path, folder / "rederive.py")[str(folder / "rederive.py")]
    assert code == 1
    assert all("DIFFERS" in line for line in told)
    assert check_proofs(folder)[0] == 1


def test_a_later_run_of_other_days_does_not_judge_it(two: Two, tmp_path: Path) -> None:
    shutil.copytree(two.pledge.folder, tmp_path / "copy")
    pledge = Pledge(tmp_path / "copy")
    write(pledge.input, "calls", [call("URN-later", "2026-03-01 22:00:00", 90, area="=HYPERLINK(1)")])
    assert pledge.run("2026-03-05T06:00:00Z", "--from", "2026-03-02").code == 0
    assert pledge.figure("answer_999", "day", "2026-03-01")["cases"] == 7, "its day was not looked at"
    said, folder = packed(pledge, tmp_path)
    assert said.code == 0, said.err
    assert bare_python(tmp_path, folder / "rederive.py")[str(folder / "rederive.py")][0] == 0


def test_erased_records_stay_counted(two: Two, tmp_path: Path) -> None:
    shutil.copytree(two.pledge.folder, tmp_path / "copy")
    pledge = Pledge(tmp_path / "copy")
    assert pledge("erase", "--key", "URN-late", "--reason", "asked").code == 0
    said, folder = packed(pledge, tmp_path)
    assert said.code == 0, said.err
    assert one(said.rows)["cases"] == 7
    assert pq.read_table(folder / "rows" / "calls.parquet").num_rows == 6
    assert bare_python(tmp_path, folder / "rederive.py")[str(folder / "rederive.py")][0] == 0
    trace = ("trace", *FIRST_OF_MARCH[:4], "--period", "day", "--start", "2026-03-01", "--format", "json")
    assert json.loads(pledge(*trace).out)["figure"]["counted_again"]["met"] == 3
    then = pledge("pack", *FIRST_OF_MARCH, "--run", two.runs[1], "--out", str(tmp_path / "then.zip"))
    assert then.code == 3
    assert "cannot be read: they were erased, or are damaged" in then.sentence


def test_the_newest_period_that_is_over(two: Two, tmp_path: Path) -> None:
    options = ("--measure", "answer_999", "--force", "norfolk", "--period", "day", "--out", str(tmp_path / "pack.zip"))
    assert two.pledge("pack", *options).code == 0
    folder = unpacked((tmp_path / "pack.zip").read_bytes(), tmp_path / "pack")
    assert one(lines(folder / "figures.csv"))["period_start"] == "2026-03-02"


def test_every_force_and_all_together(judged: Pledge, tmp_path: Path) -> None:
    options = ("--measure", "answer_999", "--period", "2026-03", "--standard", STANDARD)
    assert judged("pack", *options, "--out", str(tmp_path / "pack.zip")).code == 0
    folder = unpacked((tmp_path / "pack.zip").read_bytes(), tmp_path / "pack")
    assert [row["force"] for row in lines(folder / "figures.csv")] == ["all", "norfolk", "suffolk"]
    assert bare_python(tmp_path, folder / "rederive.py")[str(folder / "rederive.py")][0] == 0


def test_who_took_it_is_on_record(two: Two, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGE_USER", "auditor")
    packed(two.pledge, tmp_path)
    trace = ("trace", *FIRST_OF_MARCH[:4], "--period", "day", "--start", "2026-03-01")
    assert two.pledge(*trace).code == 0
    assert two.pledge("explanations").code == 0
    told = sorted(
        (row for row in two.pledge.rows("accesses") if row["accessed_by"] == "auditor"),
        key=lambda row: row["accessed_at"],
    )
    assert [(row["command"], row["row_count"], row["form"]) for row in told] == [
        ("pack", 7, "zip"), ("trace", 7, "table"), ("explanations", 0, "table"),
    ]  # fmt: skip
    assert told[0]["filters"] == "force, measure, period"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--period", "week"), "it is week"),
        (("--period", "2026-13"), "2026-13-01 is not a day"),
        (("--period", "2026-03", "--start", "2026-03-01"), "--period says when it begins, too"),
        (("--period", "month", "--start", "March"), "March is not a day"),
        (("--period", "2020-01"), "there is none"),
        (("--area", "nowhere"), "there is none"),
        (("--measure", "answer_99"), "Did you mean answer_999?"),
        (("--standard", "none"), "there is none of that name"),
        (("--rows", "some"), "it is some"),
        (("--run", "none"), "there is no such run"),
        (("--out", "/nowhere/pack.zip"), "it cannot be written"),
        (("--references", "/nowhere/names.csv"), "it cannot be written"),
    ],
)
def test_what_cannot_be_packed_is_one_sentence(two: Two, tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    said = two.pledge("pack", *FIRST_OF_MARCH, "--out", str(tmp_path / "pack.zip"), *options)
    assert said.code == 2
    assert says in said.sentence


def test_without_a_key_there_are_no_names(two: Two, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGE_SIGNING_KEY", str(tmp_path / "gone.pem"))
    said, _ = packed(two.pledge, tmp_path)
    assert (said.code, (tmp_path / "pack.zip").exists(), (tmp_path / "gone.pem").exists()) == (2, False, False)
    assert "references are hidden by it" in said.sentence
