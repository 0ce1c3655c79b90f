"""The tables of a lake in an S3 bucket, written by several processes at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.errors import UsageError
from connectors.lake.bucket import Bucket
from connectors.lake.tables import Lake
from tests.bucket_server import BucketServer, bucket_server
from tests.connectors.lake.test_lake_merge_processes import delivery, go, rows_and_keys, writer


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BucketServer]:
    with bucket_server() as server:
        server.make("lakes")
        for name, value in {**server.environ, "PLEDGE_CACHE": str(tmp_path / "cache")}.items():
            monkeypatch.setenv(name, value)
        yield server


def test_two_writers_at_once_leave_each_key_once(s3: BucketServer, tmp_path: Path) -> None:
    """The same keys in other months, and another force: nothing is lost, nothing is there twice."""
    lake = Lake("s3://lakes/one")
    files = [
        delivery(tmp_path / "one", 2_000),
        delivery(tmp_path / "two", 2_000, months=(7, 8)),
        delivery(tmp_path / "three", 2_000, force="suffolk"),
    ]
    writers = [writer(lake, file, tmp_path / f"staging {n}") for n, file in enumerate(files)]
    for each in writers:
        go(each)
    news = [int(each.communicate(timeout=120)[0]) for each in writers]
    assert [each.returncode for each in writers] == [0, 0, 0]
    assert (news, rows_and_keys(lake)) == ([2_000] * 3, (4_000, 4_000))


def test_a_store_that_overwrites_what_it_should_create_is_refused(s3: BucketServer) -> None:
    bucket = Bucket("s3://lakes/two")
    assert bucket.keeps_removed() is False
    s3.misbehave(answer="overwrite", times=99, method="PUT")
    with pytest.raises(UsageError, match="conditional writes"):
        bucket.check(writing=True)
    assert bucket.listed("_pledge_probe") == []
