"""What goes wrong with a lake in a bucket is said in a sentence, and the next run makes it good."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.lake import bucket
from tests.bucket_server import KEY, SECRET
from tests.journey.in_bucket import InBucket
from tests.journey.pledge import Said


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
    in_bucket: InBucket, how: dict[str, object], code: int, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "_SECONDS", 2)
    in_bucket.server.misbehave(**how)
    said = in_bucket.run("2026-03-02T06:00:00Z")
    plain(said, code, "lake", found)
    in_bucket.server.behave()
    assert in_bucket.run("2026-03-02T06:00:00Z").code == 0
    assert in_bucket.figure("answer_999", "day", "2026-03-01")["cases"] == 6
    assert in_bucket("verify").code == 0


@pytest.mark.parametrize(
    ("answer", "matching"), [(500, "_delta_log"), (500, ""), ("cut", ".parquet"), ("cut", "_delta_log"), ("cut", "")]
)
def test_what_fails_once_is_not_noticed(in_bucket: InBucket, answer: object, matching: str) -> None:
    in_bucket.server.misbehave(answer=answer, times=1, method="GET", matching=matching)
    assert in_bucket.run("2026-03-02T06:00:00Z").code == 0
    assert in_bucket.figure("answer_999", "day", "2026-03-01")["cases"] == 6


def test_a_bucket_that_is_not_there(in_bucket: InBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (["run", "--input", str(in_bucket.input)], ["cases", "--measure", "answer_999"], ["doctor"]):
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        said = in_bucket(*command)
        if command != ["doctor"]:
            plain(said, 3, "lake s3://", "no whole answer")
        assert said.code
        assert SECRET not in said.out.decode() + said.err
    monkeypatch.setenv("AWS_ENDPOINT_URL", in_bucket.server.url)
    in_bucket.address = "s3://nobody-made-it/lake"
    plain(in_bucket.run("2026-03-02T06:00:00Z"), 3, "lake s3://nobody-made-it/lake")
    in_bucket.address = f"s3://{in_bucket.bucket}/empty"
    plain(in_bucket("cases", "--measure", "answer_999"), 2, "there is none")


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
def test_what_is_no_address_of_a_lake(in_bucket: InBucket, address: str, found: str) -> None:
    in_bucket.address = address
    said = in_bucket.run("2026-03-02T06:00:00Z")
    plain(said, 2, found)
    assert "hidden-word" not in said.err


def test_an_endpoint_anybody_can_listen_to(in_bucket: InBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    plain(in_bucket.run("2026-03-02T06:00:00Z"), 2, "AWS_ENDPOINT_URL", "not encrypted")


def test_the_login_as_files(in_bucket: InBucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        (tmp_path / name).write_text(in_bucket.server.environ[name] + "\n")
        monkeypatch.delenv(name)
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    assert in_bucket.run("2026-03-02T06:00:00Z").code == 0
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY_FILE", str(tmp_path / "gone"))
    plain(in_bucket.run("2026-03-02T06:00:00Z"), 2, "AWS_SECRET_ACCESS_KEY_FILE")


def test_a_cache_that_cannot_be_written(in_bucket: InBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    (in_bucket.folder / "a-file").write_text("")
    monkeypatch.setenv("PLEDGE_CACHE", str(in_bucket.folder / "a-file"))
    plain(in_bucket.run("2026-03-02T06:00:00Z"), 2, "cache", "no copy can be written")
    monkeypatch.setenv("PLEDGE_CACHE_GB", "much")
    plain(in_bucket.run("2026-03-02T06:00:00Z"), 2, "PLEDGE_CACHE_GB")
    monkeypatch.delenv("PLEDGE_CACHE_GB")
    monkeypatch.setenv("PLEDGE_CACHE", str(in_bucket.cache))
    assert in_bucket.run("2026-03-02T06:00:00Z").code == 0
