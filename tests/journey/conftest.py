from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bucket_server import BucketServer, bucket_server
from tests.journey import every_log
from tests.journey.in_bucket import InBucket, begun
from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge

AS_AT = "2026-03-03T06:00:00Z"


@pytest.fixture(autouse=True)
def only_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_settings(monkeypatch)


def forget_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have settings of their own, and a proxy."""
    for name in list(os.environ):
        if name.startswith("PLEDGE_") or name.lower() in ("http_proxy", "https_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def pledge(tmp_path: Path) -> Pledge:
    return Pledge(tmp_path)


@pytest.fixture(scope="module")
def judged(judged_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Pledge:
    """Two days of two forces, judged; each module has a copy of its own."""
    folder = tmp_path_factory.mktemp("judged") / "copy"
    shutil.copytree(judged_once, folder)
    return Pledge(folder)


@pytest.fixture(scope="session")
def judged_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what `judged` is a copy of."""
    pledge = Pledge(tmp_path_factory.mktemp("judged_once"))
    days = ("2026-02-28", "2026-03-01", "2026-03-02")
    calls = [call(f"c{d}{n}", f"{d} {n % 24:02}:30:00", (5, 9, 10, 11, 90)[n % 5]) for d in days for n in range(12)]
    calls += [call(f"k{n}", f"2026-03-02 0{n}:00:00", 20, force="suffolk", area="west") for n in range(3)]
    calls += [call(f"o{n}", f"2026-03-01 1{n}:00:00", 25 + n * 10, line="101", area="") for n in range(4)]
    calls += [
        call("hung_up", "2026-03-01 08:00:00", None, abandoned_at="2026-03-01 08:00:10"),
        call("lost", "2026-03-01 08:05:00", None, ended_at="2026-03-01 08:09:00"),
        call("broken", "2026-03-01 08:10:00", 5, line="998"),
        call("test", "2026-03-01 08:15:00", 5, kind="test"),
    ]
    write(pledge.input, "calls", calls)
    more = [incident(f"i{n}", f"2026-03-01 1{n}:00:00", 9 + n * 3, setting_first="rural") for n in range(5)]
    write(pledge.input, "incidents", [*more, incident("j1", "2026-03-03 05:00:00", None, eta_given="")])
    said = pledge.run(AS_AT, "--standard", "policing_pledge_2008", "--standard", "force_level_examples")
    assert said.code == 0, said.err
    return pledge.folder


@pytest.fixture(scope="session")
def of_every_log(tmp_path_factory: pytest.TempPathFactory) -> Pledge:
    """A little of every log, judged on two nights; for tests that only read."""
    pledge = Pledge(tmp_path_factory.mktemp("of_every_log"))
    for number, told in enumerate((every_log.rows(), every_log.second_night())):
        folder = every_log.deliver(pledge.folder / f"night_{number}", told)
        as_at = every_log.NIGHTS[number]
        said = pledge("run", "--input", str(folder), "--as-at", as_at, *every_log.STANDARDS)
        assert said.code == 0, said.err
    return pledge


@pytest.fixture(scope="session")
def s3() -> Iterator[BucketServer]:
    with bucket_server() as server:
        yield server


@pytest.fixture
def in_bucket(tmp_path: Path, s3: BucketServer) -> Iterator[InBucket]:
    """An installation with its lake in a bucket, before its first night, with a delivery."""
    pledge = begun(tmp_path, s3)
    write(pledge.input, "calls", [call(f"c{n}", f"2026-03-01 1{n}:00:00", 5 + 5 * n) for n in range(6)])
    with pledge.at_home():
        yield pledge
    s3.behave()
