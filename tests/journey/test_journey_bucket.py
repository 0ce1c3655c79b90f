"""The lake in an S3 bucket: what is found is what is found in a folder, and what goes wrong is said and made good."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest

from checks.commitment import measures
from connectors.lake import bucket
from tests.bucket_server import KEY, SECRET, BucketServer, bucket_server
from tests.journey import every_log
from tests.journey.in_bucket import InBucket
from tests.journey.logs import call, write
from tests.journey.pledge import COMMAND, Pledge, Row, Said, run_there
from tests.journey.stranger import bare_duckdb
from tests.journey.test_journey_erasure import NIGHTS, PLANTED, WHY, deliver, holding

OF_THE_RUN = {
    "run_id", "run_number", "first_run", "last_changed_run", "opened_run", "closed_run", "delivery_id",
    "recorded_at", "opened_at", "closed_at", "delivered_at",
}  # fmt: skip
FORCES = ("norfolk", "suffolk")
FIGURE = ("--measure", "answer_999", "--force", "norfolk", "--period", "day", "--start", "2026-03-01")


@pytest.fixture(scope="module")
def server() -> Iterator[BucketServer]:
    with bucket_server() as server:
        yield server


def begun(folder: Path, server: BucketServer) -> InBucket:
    name = f"lakes-{uuid.uuid4().hex[:12]}"
    server.make(name)
    return InBucket(folder, server, name)


@pytest.fixture
def pledge(tmp_path: Path, server: BucketServer) -> Iterator[InBucket]:
    """An installation before its first night, with a delivery."""
    pledge = begun(tmp_path, server)
    write(pledge.input, "calls", [call(f"c{n}", f"2026-03-01 1{n}:00:00", 5 + 5 * n) for n in range(6)])
    with pledge.at_home():
        yield pledge
    server.behave()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, server: BucketServer) -> InBucket:
    """Every log, judged on two nights as `of_every_log` was in a folder."""
    pledge = begun(tmp_path_factory.mktemp("lived"), server)
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
    published = [pledge.folder / "published" / "verdicts.csv" for pledge in (of_every_log, after)]
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


def test_a_night_fetches_what_is_new(pledge: InBucket) -> None:
    assert pledge.run("2026-03-02T06:00:00Z").code == 0
    before = pledge.copies()
    write(pledge.input, "calls", [call("new", "2026-03-02 10:00:00", 5)])
    assert pledge.run("2026-03-03T06:00:00Z").code == 0
    after = pledge.copies()
    assert before.items() <= after.items(), "what was here was fetched again"
    assert len(after.keys() - before.keys()) == 2, "the month's calls and their cases"
    verified = pledge("verify", "--recompute")
    assert verified.code == 0, verified.out.decode() + verified.err
    shutil.rmtree(pledge.cache)
    assert pledge("cases", "--measure", "answer_999").code == 0
    assert len(pledge.copies()) == 1, "a reading command fetches what it reads"


def test_bytes_changed_in_the_bucket_are_found_though_the_copy_is_right(pledge: InBucket) -> None:
    assert pledge.run("2026-03-02T06:00:00Z").code == 0
    name = min(name for name in pledge.names(".parquet") if "/calls/" in name)
    obstore.put(pledge.objects, name, pledge.content(name)[:-1] + b"?")
    said = pledge("verify")
    assert said.code == 4
    assert name.removeprefix("pledge/lake/") in said.out.decode() + said.err


def test_an_erased_record_is_in_no_object_and_no_copy(pledge: InBucket) -> None:
    for night, seconds in zip(NIGHTS, (14, 17), strict=True):
        deliver(pledge, seconds)
        assert pledge.run(night).code == 0
    before = without_runs(pledge.rows("verdicts"))
    assert pledge.holding(PLANTED)
    assert holding(pledge.cache, PLANTED)
    said = pledge("erase", "--key", PLANTED, *WHY)
    assert said.code == 0, said.err
    assert "keeps old versions" not in said.err
    assert pledge.holding(PLANTED) == []
    assert holding(pledge.cache, PLANTED) == []
    assert without_runs(pledge.rows("verdicts")) == before
    assert pledge("verify").code == 0


def plain(said: Said, code: int, *words: str) -> None:
    """One sentence that says it, and no secret."""
    everything = said.out.decode() + said.err
    assert said.code == code, everything
    assert all(word in said.sentence for word in words), said.sentence
    assert "Traceback" not in everything
    assert SECRET not in everything
    assert KEY not in everything


FAULTS = [
    ({"answer": 500, "times": 99999}, 3, "no whole answer"),
    ({"answer": 403, "times": 99999}, 2, "listing is refused"),
    ({"answer": 403, "times": 99999, "method": "PUT"}, 2, "writing is refused"),
    ({"answer": 403, "times": 99999, "method": "GET", "matching": ".parquet"}, 2, "reading is refused"),
    (
        {"answer": 500, "times": 99999, "method": "PUT", "matching": "_delta_log/00000000000000000001"},
        3,
        "it cannot be written",
    ),
    ({"seconds": 5, "answer": 500, "times": 99999}, 3, "no whole answer"),
]


@pytest.mark.parametrize(("how", "code", "found"), FAULTS)
def test_a_night_the_bucket_fails_is_said_and_made_good(
    pledge: InBucket, how: dict[str, object], code: int, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "_SECONDS", 2)
    pledge.server.misbehave(**how)
    said = pledge.run("2026-03-02T06:00:00Z")
    plain(said, code, "lake", found)
    pledge.server.behave()
    assert pledge.run("2026-03-02T06:00:00Z").code == 0
    assert pledge.figure("answer_999", "day", "2026-03-01")["cases"] == 6
    assert pledge("verify").code == 0


@pytest.mark.parametrize(
    ("answer", "matching"), [(500, "_delta_log"), (500, ""), ("cut", ".parquet"), ("cut", "_delta_log"), ("cut", "")]
)
def test_what_fails_once_is_not_noticed(pledge: InBucket, answer: object, matching: str) -> None:
    pledge.server.misbehave(answer=answer, times=1, method="GET", matching=matching)
    assert pledge.run("2026-03-02T06:00:00Z").code == 0
    assert pledge.figure("answer_999", "day", "2026-03-01")["cases"] == 6


def test_a_bucket_that_is_not_there(pledge: InBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (["run", "--input", str(pledge.input)], ["cases", "--measure", "answer_999"], ["doctor"]):
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        said = pledge(*command)
        if command != ["doctor"]:
            plain(said, 3, "lake s3://", "no whole answer")
        assert said.code
        assert SECRET not in said.out.decode() + said.err
    monkeypatch.setenv("AWS_ENDPOINT_URL", pledge.server.url)
    pledge.address = "s3://nobody-made-it/lake"
    plain(pledge.run("2026-03-02T06:00:00Z"), 3, "lake s3://nobody-made-it/lake")
    pledge.address = f"s3://{pledge.bucket}/empty"
    plain(pledge("cases", "--measure", "answer_999"), 2, "there is none")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("ftp://host/lake", "no address of an object store"),
        ("file:///tmp/lake", "no address of an object store"),
        ("s3://user:hidden-word@bucket/lake", "no address of an object store"),
        ("s3://bucket/a*b", "a*b is in its address"),
        ("s3://bucket/../other", ".. is in its address"),
    ],
)
def test_what_is_no_address_of_a_lake(pledge: InBucket, address: str, found: str) -> None:
    pledge.address = address
    said = pledge.run("2026-03-02T06:00:00Z")
    plain(said, 2, found)
    assert "hidden-word" not in said.err


def test_an_endpoint_anybody_can_listen_to(pledge: InBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    plain(pledge.run("2026-03-02T06:00:00Z"), 2, "AWS_ENDPOINT_URL", "not encrypted")


def test_the_login_as_files(pledge: InBucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        (tmp_path / name).write_text(pledge.server.environ[name] + "\n")
        monkeypatch.delenv(name)
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    assert pledge.run("2026-03-02T06:00:00Z").code == 0
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY_FILE", str(tmp_path / "gone"))
    plain(pledge.run("2026-03-02T06:00:00Z"), 2, "AWS_SECRET_ACCESS_KEY_FILE")


def test_a_cache_that_cannot_be_written(pledge: InBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    (pledge.folder / "a-file").write_text("")
    monkeypatch.setenv("PLEDGE_CACHE", str(pledge.folder / "a-file"))
    plain(pledge.run("2026-03-02T06:00:00Z"), 2, "cache", "no copy can be written")
    monkeypatch.setenv("PLEDGE_CACHE_GB", "much")
    plain(pledge.run("2026-03-02T06:00:00Z"), 2, "PLEDGE_CACHE_GB")
    monkeypatch.delenv("PLEDGE_CACHE_GB")
    monkeypatch.setenv("PLEDGE_CACHE", str(pledge.cache))
    assert pledge.run("2026-03-02T06:00:00Z").code == 0


def test_two_nights_at_once(pledge: InBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes, each with a force of its own, over one bucket, one store and one cache."""
    folders = []
    for force in FORCES:
        folder = pledge.folder / force
        folder.mkdir()
        write(folder, "calls", [call(f"c{n}", f"2026-03-01 1{n}:00:00", 5 + 5 * n, force=force) for n in range(6)])
        folders.append(folder)
    assert pledge.run("2026-03-01T23:00:00Z").code == 0
    nights = [
        subprocess.Popen(
            [COMMAND, "run", "--input", str(folder), "--as-at", "2026-03-02T06:00:00Z", *pledge.places],
            stderr=subprocess.PIPE,
        )
        for folder in folders
    ]
    errors = [night.communicate(timeout=120)[1].decode() for night in nights]
    assert [night.returncode for night in nights] == [0, 0], errors
    assert run_there("run", "--as-at", "2026-03-02T06:00:00Z", *pledge.places).code == 0
    rows = pledge.rows("verdicts", "--measure", "answer_999", "--from", "2026-03-01", "--to", "2026-03-01")
    found = {row["force"]: row["cases"] for row in rows if row["period"] == "day" and not row["area"]}
    assert found == {"norfolk": 6, "suffolk": 6, "all": 12}
    assert pledge("verify").code == 0


def test_the_doctor_looks_at_bucket_and_copies(pledge: InBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    found = json.loads(pledge("doctor", "--format", "json").out)
    lake = [line["found"] for line in found if line["area"] == "lake"]
    assert any("nothing lies at" in line for line in lake)
    assert any("can be written" in line for line in lake)
    assert [line["state"] for line in found if line["area"] == "cache"] == ["ok"]
    assert pledge.names() == set(), "it leaves nothing"
    pledge.server.keep_old_versions(pledge.bucket)
    found = json.loads(pledge("doctor", "--format", "json").out)
    assert any("keeps old versions" in line["found"] for line in found if line["state"] == "warn")
    pledge.server.misbehave(answer=403, times=99, method="PUT")
    found = json.loads(pledge("doctor", "--format", "json").out)
    assert [line["found"] for line in found if line["area"] == "lake" and line["state"] == "wrong"]
