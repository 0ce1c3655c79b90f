"""Drops in a bucket, against moto's server, which answers as S3 does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from checks.errors import NotAnsweringError, UsageError
from connectors.sources.drops import bucket
from connectors.sources.drops.place import Listed
from tests.connectors.sources.drops import conftest
from tests.connectors.sources.drops.conftest import Desk


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(moto: str, tmp_path: Path, request: pytest.FixtureRequest) -> S3Store:
    import httpx

    name = f"drops-{abs(hash(request.node.name)) % 10**9}"
    httpx.put(f"{moto}/{name}").raise_for_status()
    return S3Store(
        name, endpoint=moto, region="us-east-1", access_key_id="id", secret_access_key="s3cret",
        client_options={"allow_http": True},
    )  # fmt: skip


@pytest.fixture
def desk(store: S3Store, moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Moto's clock is today's: the nights begin now."""
    monkeypatch.setenv("NORFOLK_BUCKET_KEY", "s3cret")
    monkeypatch.setattr(conftest, "NIGHT", datetime.now(UTC) + timedelta(minutes=1))
    url = f"s3://{store.config['bucket']}/out"
    return Desk(url, tmp_path, user="id", secret="NORFOLK_BUCKET_KEY", endpoint=moto, region="us-east-1")


def test_each_object_once_by_its_etag(desk: Desk, store: S3Store) -> None:
    obstore.put(store, "out/calls_1.csv", b"one")
    obstore.put(store, "out/deeper/calls_9.csv", b"deep"), obstore.put(store, "outside/calls_8.csv", b"no")
    obstore.put(store, "calls_7.csv", b"no"), obstore.put(store, "out/other.csv", b"no")
    assert desk.taken(0) == [("calls_1.csv", b"one")]
    assert desk.slept == [], "an object is there whole or not at all"
    assert desk.taken(1) == [("calls_1.csv", b"one")]
    obstore.put(store, "out/calls_1.csv", b"two")
    assert desk.taken(2) == [("calls_1.csv", b"two")]


def test_a_large_one_comes_in_ranges_of_one_version(
    desk: Desk, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "_RANGE", 1_000_000)
    content = random.Random(1).randbytes(3_500_000)
    obstore.put(store, "out/calls_1.csv", content)
    assert desk.taken(0) == [("calls_1.csv", content)]
    read = bucket.BucketPlace.read

    def replaced(self: bucket.BucketPlace, file: Listed, offset: int) -> Iterator[bytes]:
        for number, block in enumerate(read(self, file, offset)):
            if number == 1:
                obstore.put(store, "out/calls_2.csv", random.Random(3).randbytes(3_500_000))
            yield block

    obstore.put(store, "out/calls_2.csv", random.Random(2).randbytes(3_500_000))
    monkeypatch.setattr(bucket.BucketPlace, "read", replaced)
    with pytest.raises(NotAnsweringError, match="an object of it changed"):
        desk.fetched(1)
    monkeypatch.setattr(bucket.BucketPlace, "read", read)
    assert desk.taken(1) == [("calls_2.csv", random.Random(3).randbytes(3_500_000))], "no half of either"


def test_credentials_of_the_environment(desk: Desk, store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    obstore.put(store, "out/calls_1.csv", b"one")
    desk.connection |= {"user": "", "secret": ""}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    assert desk.taken(0) == [("calls_1.csv", b"one")]


def test_a_bucket_that_is_not_there_and_one_that_does_not_answer(desk: Desk) -> None:
    desk.url = desk.connection["drops"] = "s3://nowhere/out"
    with pytest.raises((NotAnsweringError, UsageError), match="s3://nowhere/out") as refused:
        desk.fetched(0)
    assert "s3cret" not in str(refused.value)
    desk.connection |= {"endpoint": "http://127.0.0.1:9", "timeout_seconds": 1}
    with pytest.raises(NotAnsweringError, match="no whole answer"):
        desk.fetched(0)


@pytest.mark.parametrize("url", ["az://drops/out", "gs://drops/out"])
def test_the_other_clouds_are_spoken_to(desk: Desk, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure and Google have no server here: that their stores are made, and fail in one sentence, is all there is."""
    desk.url = desk.connection["drops"] = url
    desk.connection |= {"endpoint": "", "region": "", "timeout_seconds": 0.2}
    with pytest.raises((NotAnsweringError, UsageError), match=url) as refused:
        desk.fetched(0)
    assert "s3cret" not in str(refused.value)
