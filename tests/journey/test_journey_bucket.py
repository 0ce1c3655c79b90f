"""The lake in an S3 bucket: what is found is what is found in a folder."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest

from checks.commitment import measures
from tests.bucket_server import BucketServer
from tests.journey import every_log
from tests.journey.in_bucket import InBucket, begun
from tests.journey.logs import call, write
from tests.journey.pledge import COMMAND, Pledge, Row, run_there
from tests.journey.stranger import bare_duckdb
from tests.journey.test_journey_erasure import NIGHTS, PLANTED, WHY, deliver, holding

OF_THE_RUN = {
    "run_id", "run_number", "first_run", "last_changed_run", "opened_run", "closed_run", "delivery_id",
    "recorded_at", "opened_at", "closed_at", "delivered_at",
}  # fmt: skip
FORCES = ("norfolk", "suffolk")
FIGURE = ("--measure", "answer_999", "--force", "norfolk", "--period", "day", "--start", "2026-03-01")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, s3: BucketServer) -> InBucket:
    """Every log, judged on two nights as `of_every_log` was in a folder."""
    pledge = begun(tmp_path_factory.mktemp("lived"), s3)
    with pledge.at_home():
        for number, told in enumerate((every_log.rows(), every_log.second_night())):
            delivered = every_log.deliver(pledge.folder / f"night_{number}", told)
            said = pledge("run", "--input", str(delivered), "--as-at", every_log.NIGHTS[number], *every_log.STANDARDS)
            assert said.code == 0, said.err
    return pledge


@pytest.fixture
def after(lived: InBucket) -> Iterator[InBucket]:
    with lived.at_home():
        yield lived


def without_runs(rows: list[Row]) -> list[str]:
    return sorted(json.dumps({k: v for k, v in row.items() if k not in OF_THE_RUN}, default=str) for row in rows)


def test_what_is_found_is_what_is_found_in_a_folder(of_every_log: Pledge, after: InBucket) -> None:
    ours, theirs = (pledge.tables() for pledge in (of_every_log, after))
    for table in ("verdicts", "commitments", "breaches", "cases", "sensitivity", "delays", "quarantine"):
        assert without_runs(ours[table]) == without_runs(theirs[table]), table
    every = [part for name in measures() for part in ("--measure", name)]
    in_folder, in_bucket = (without_runs(pledge.rows("cases", *every)) for pledge in (of_every_log, after))
    assert in_folder == in_bucket
    published = [pledge.folder / "published" / "verdicts-2026.csv" for pledge in (of_every_log, after)]
    assert len({path.read_text("utf-8").count("\n") for path in published}) == 1


def test_every_reading_command_reads_it(after: InBucket, tmp_path: Path) -> None:
    verified = after("verify")
    assert verified.code == 0, verified.out.decode() + verified.err
    traced = after("trace", *FIGURE, "--history", "--format", "json")
    assert {case["case_id"] for case in json.loads(traced.out)["cases"]} == {"a", "b", "late"}
    packed = after("pack", *FIGURE[:4], "--period", "2026-03-01", "--out", str(tmp_path / "pack.zip"))
    assert packed.code == 0, packed.err
    asked = after("sql", "--measure", "answer_999", "--standard", "policing_pledge_2008")
    (tmp_path / "asked.sql").write_bytes(asked.out)
    figures = bare_duckdb(tmp_path, tmp_path / "asked.sql")[str(tmp_path / "asked.sql")]
    assert {row["force"] for row in figures} == {"norfolk", "all"}
    assert after("watch").code == 0


def test_the_same_night_again_fetches_no_data_file(after: InBucket) -> None:
    before, copies = after.server.asked(ending=".parquet"), after.copies()
    newest = str(after.folder / "night_1")
    said = after("run", "--input", newest, "--as-at", every_log.NIGHTS[1], *every_log.STANDARDS)
    assert said.code == 0
    assert after.server.asked(ending=".parquet") == before
    assert after.copies() == copies


def test_a_night_fetches_what_is_new(in_bucket: InBucket) -> None:
    assert in_bucket.run("2026-03-02T06:00:00Z").code == 0
    before = in_bucket.copies()
    write(in_bucket.input, "calls", [call("new", "2026-03-02 10:00:00", 5)])
    assert in_bucket.run("2026-03-03T06:00:00Z").code == 0
    after = in_bucket.copies()
    assert before.items() <= after.items(), "what was here was fetched again"
    assert len(after.keys() - before.keys()) == 3, (
        "the month's calls and their cases, and the seals of the night before"
    )
    verified = in_bucket("verify", "--recompute")
    assert verified.code == 0, verified.out.decode() + verified.err
    shutil.rmtree(in_bucket.cache)
    assert in_bucket("cases", "--measure", "answer_999").code == 0
    assert len(in_bucket.copies()) == 3, "a reading command fetches what it reads, and the seals of both nights"


def test_bytes_changed_in_the_bucket_are_found_though_the_copy_is_right(in_bucket: InBucket) -> None:
    assert in_bucket.run("2026-03-02T06:00:00Z").code == 0
    name = min(name for name in in_bucket.names(".parquet") if "/calls/" in name)
    obstore.put(in_bucket.objects, name, in_bucket.content(name)[:-1] + b"?")
    said = in_bucket("verify")
    assert said.code == 4
    assert name.removeprefix("pledge/lake/") in said.out.decode() + said.err


def test_an_erased_record_is_in_no_object_and_no_copy(in_bucket: InBucket) -> None:
    for night, seconds in zip(NIGHTS, (14, 17), strict=True):
        deliver(in_bucket, seconds)
        assert in_bucket.run(night).code == 0
    before = without_runs(in_bucket.rows("verdicts"))
    assert in_bucket.holding(PLANTED)
    assert holding(in_bucket.cache, PLANTED)
    said = in_bucket("erase", "--key", PLANTED, *WHY)
    assert said.code == 0, said.err
    assert "keeps old versions" not in said.err
    assert in_bucket.holding(PLANTED) == []
    assert holding(in_bucket.cache, PLANTED) == []
    assert without_runs(in_bucket.rows("verdicts")) == before
    assert in_bucket("verify").code == 0


def test_two_nights_at_once(in_bucket: InBucket) -> None:
    """Two processes, each with a force of its own, over one bucket, one store and one cache."""
    folders = []
    for force in FORCES:
        folder = in_bucket.folder / force
        folder.mkdir()
        write(folder, "calls", [call(f"c{n}", f"2026-03-01 1{n}:00:00", 5 + 5 * n, force=force) for n in range(6)])
        folders.append(folder)
    assert in_bucket.run("2026-03-01T23:00:00Z").code == 0
    nights = [
        subprocess.Popen(
            [COMMAND, "run", "--input", str(folder), "--as-at", "2026-03-02T06:00:00Z", *in_bucket.places],
            stderr=subprocess.PIPE,
        )
        for folder in folders
    ]
    errors = [night.communicate(timeout=120)[1].decode() for night in nights]
    assert [night.returncode for night in nights] == [0, 0], errors
    assert run_there("run", "--as-at", "2026-03-02T06:00:00Z", *in_bucket.places).code == 0
    rows = in_bucket.rows("verdicts", "--measure", "answer_999", "--from", "2026-03-01", "--to", "2026-03-01")
    found = {row["force"]: row["cases"] for row in rows if row["period"] == "day" and not row["area"]}
    assert found == {"norfolk": 6, "suffolk": 6, "all": 12}
    assert in_bucket("verify").code == 0


def test_the_doctor_looks_at_bucket_and_copies(in_bucket: InBucket) -> None:
    found = json.loads(in_bucket("doctor", "--format", "json").out)
    lake = [line["found"] for line in found if line["area"] == "lake"]
    assert any("nothing lies at" in line for line in lake)
    assert any("can be written" in line for line in lake)
    assert [line["state"] for line in found if line["area"] == "cache"] == ["ok"]
    assert in_bucket.names() == set(), "it leaves nothing"
    in_bucket.server.keep_old_versions(in_bucket.bucket)
    found = json.loads(in_bucket("doctor", "--format", "json").out)
    assert any("keeps old versions" in line["found"] for line in found if line["state"] == "warn")
    in_bucket.server.misbehave(answer=403, times=99, method="PUT")
    found = json.loads(in_bucket("doctor", "--format", "json").out)
    assert [line["found"] for line in found if line["area"] == "lake" and line["state"] == "wrong"]
