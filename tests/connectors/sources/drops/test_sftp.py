"""Drops on a real SFTP server: each file once, whole, in order, from the server one knows."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from checks.errors import NotAnsweringError, NotFitError, PledgeError, UsageError
from connectors.sources.whole_fetch import MANIFEST
from tests.connectors.sources.drops.conftest import Desk, drop
from tests.sftp_server import SftpServer


class TestOnce:
    def test_a_file_is_taken_once_and_the_newest_is_shown_again(self, desk: Desk, server: SftpServer) -> None:
        drop(server, "calls_1.csv", b"one", 8), drop(server, "calls_2.csv", b"two", 9)
        drop(server, "other.csv"), drop(server, "calls_3.csv.part"), drop(server, ".calls_4.csv")
        (server.folder / "calls_folder.csv").mkdir()
        assert desk.taken(0) == [("calls_1.csv", b"one"), ("calls_2.csv", b"two")]
        read = server.read
        assert desk.names(1) == ["calls_2.csv"], "so that its age can be asked"
        drop(server, "calls_3.csv", b"three", 11)
        assert desk.names(2) == ["calls_3.csv"]
        assert server.read - read < 2 * 1024 * 1024

    def test_the_same_night_is_the_same_fetch(self, desk: Desk, server: SftpServer) -> None:
        drop(server, "calls_1.csv")
        desk.fetched(0)
        drop(server, "calls_2.csv")
        assert desk.names(0) == ["calls_1.csv"]

    def test_a_name_with_other_bytes_is_another_file(self, desk: Desk, server: SftpServer) -> None:
        drop(server, "calls_1.csv", b"one", 8)
        desk.taken(0)
        drop(server, "calls_1.csv", b"two", 10)
        assert desk.taken(1) == [("calls_1.csv", b"two")]

    def test_what_was_not_looked_at_yet_stays(self, desk: Desk, server: SftpServer) -> None:
        drop(server, "calls_1.csv", b"one", 8)
        desk.fetched(0)  # a run that was killed before it admitted anything
        drop(server, "calls_1.csv", b"one", 8).unlink()
        drop(server, "calls_2.csv", b"two", 10)
        assert desk.names(1) == ["calls_1.csv", "calls_2.csv"]
        assert desk.names(2) == ["calls_2.csv"]

    def test_an_unfit_one_is_looked_at_again_while_it_lies_there(self, desk: Desk, server: SftpServer) -> None:
        broken = drop(server, "calls_1.csv", b"broken", 8)
        desk.taken(0, fit=False)
        drop(server, "calls_2.csv", b"two", 9)
        assert desk.names(1) == ["calls_1.csv", "calls_2.csv"]
        desk.admitted.clear()
        broken.unlink()
        assert desk.names(2) == ["calls_2.csv"]

    def test_what_is_dropped_after_the_runs_moment_waits(self, desk: Desk, server: SftpServer) -> None:
        drop(server, "calls_1.csv", day=9), drop(server, "calls_2.csv", b"two", day=10, hour=6)
        assert desk.names(0) == ["calls_1.csv"]
        assert any("1 files are newer than the run" in said for said in desk.said)
        assert desk.names(1) == ["calls_2.csv"]

    def test_an_empty_folder(self, desk: Desk) -> None:
        assert desk.names(0) == []

    @pytest.mark.parametrize(
        "odd", ["calls_ä b;$(x).csv", "calls_\n.csv", "calls_..%2f..csv", "calls_" + "x" * 240 + ".csv"]
    )
    def test_odd_names_lead_nowhere_else(self, desk: Desk, server: SftpServer, odd: str) -> None:
        drop(server, odd, b"odd")
        assert [content for _, content in desk.taken(0)] == [b"odd"]
        held = list((desk.folder / "fetched").rglob("*.csv"))
        assert len(held) == 1 and held[0].parent.name == "taken"


class TestWhole:
    def test_one_that_is_being_written_is_left_for_a_later_run(self, desk: Desk, server: SftpServer) -> None:
        drop(server, "calls_1.csv", b"whole", 8)
        growing = drop(server, "calls_2.csv", b"ha", 9)

        def grow() -> None:
            growing.write_bytes(growing.read_bytes() + b"lf")
            os.utime(growing, (growing.stat().st_mtime, 1_773_100_000))

        desk.during_sleep = grow
        assert desk.names(0) == ["calls_1.csv"]
        assert any("calls_2.csv is still being written" in said for said in desk.said)
        desk.during_sleep = lambda: None
        assert desk.taken(1) == [("calls_2.csv", b"half")]

    def test_one_that_grows_while_it_is_read(self, desk: Desk, server: SftpServer) -> None:
        growing = drop(server, "calls_1.csv", b"half", 8)
        server.before_read = lambda _: growing.write_bytes(b"half and more")
        assert desk.names(0) == []
        server.before_read = lambda _: None
        os.utime(growing, (1_773_100_000, 1_773_100_000))
        assert desk.taken(1) == [("calls_1.csv", b"half and more")]

    def test_one_that_gets_shorter_while_it_is_read(self, desk: Desk, server: SftpServer) -> None:
        file = drop(server, "calls_1.csv", b"a whole file", 8)
        server.before_read = lambda _: file.write_bytes(b"a")
        with pytest.raises(NotAnsweringError, match="1 of 12 bytes came"):
            desk.fetched(0)
        assert not desk.wanted(0).folder.joinpath(MANIFEST).exists()

    def test_a_done_file_says_that_it_is_whole(self, desk: Desk, server: SftpServer) -> None:
        desk.connection |= {"done": ".done", "settle_seconds": 0}
        desk.front["files"] = "calls_*"
        drop(server, "calls_1.csv"), drop(server, "calls_2.csv", b"two"), drop(server, "calls_1.csv.done", b"")
        assert desk.names(0) == ["calls_1.csv"]
        drop(server, "calls_2.csv.done", b"")
        assert desk.names(1) == ["calls_2.csv"]
        assert desk.slept == []

    def test_a_cut_line_goes_on_where_it_stopped(self, desk: Desk, server: SftpServer) -> None:
        content = random.Random(1).randbytes(12_000_000)
        drop(server, "calls_1.csv", content)
        server.cut_after = 6_000_000
        with pytest.raises(NotAnsweringError):
            desk.fetched(0)
        assert not list((desk.folder / "fetched").rglob("*.csv")), "no half file"
        part = next((desk.folder / "fetched").rglob("*.part"))
        assert 0 < part.stat().st_size < len(content)
        server.read = 0
        assert desk.taken(1) == [("calls_1.csv", content)], "another night goes on with it, too"
        assert server.read < len(content)

    def test_a_part_of_a_file_that_changed_is_begun_anew(self, desk: Desk, server: SftpServer) -> None:
        drop(server, "calls_1.csv", random.Random(1).randbytes(4_000_000))
        server.cut_after = 2_000_000
        with pytest.raises(NotAnsweringError):
            desk.fetched(0)
        content = random.Random(2).randbytes(4_000_000)
        drop(server, "calls_1.csv", content, hour=1)
        assert desk.taken(0) == [("calls_1.csv", content)]

    def test_a_slow_one_is_left(self, desk: Desk, server: SftpServer) -> None:
        drop(server, "calls_1.csv", b"x" * 3_000_000)
        desk.connection |= {"timeout_seconds": 0.5}
        server.pause = 3
        began = time.monotonic()
        with pytest.raises(NotAnsweringError, match="no whole answer"):
            desk.fetched(0)
        assert time.monotonic() - began < 15

    def test_one_too_large(self, desk: Desk, server: SftpServer) -> None:
        drop(server, "calls_1.csv", b"x" * 2_000_000)
        desk.connection["max_file_mb"] = 1
        with pytest.raises(NotFitError, match=r"calls_1\.csv has 2 MB; at most 1 MB"):
            desk.fetched(0)


class TestSnapshots:
    def test_an_older_one_than_the_last_is_no_snapshot_of_now(self, desk: Desk, server: SftpServer) -> None:
        desk.front["delivers"] = "snapshot"
        drop(server, "calls_1.csv", b"one", 8), drop(server, "calls_2.csv", b"two", 9)
        assert desk.names(0) == ["calls_1.csv", "calls_2.csv"]
        drop(server, "calls_0.csv", b"late", 7)
        assert desk.names(1) == ["calls_2.csv"]
        for path in server.folder.iterdir():
            path.unlink()
        drop(server, "calls_1.csv", b"restored", 8)
        with pytest.raises(
            NotFitError, match=r"newest file is calls_1\.csv of 2026-03-08T00:00:00Z: it went back in time"
        ):
            desk.fetched(2)
        drop(server, "calls_3.csv", b"three", 12)
        assert desk.names(3) == ["calls_3.csv"]


class TestWhoAsks:
    def test_a_key_and_its_file(self, desk: Desk, server: SftpServer, monkeypatch: pytest.MonkeyPatch) -> None:
        drop(server, "calls_1.csv")
        monkeypatch.setenv("NORFOLK_KEY", server.key)
        desk.connection |= {"key": "NORFOLK_KEY", "secret": ""}
        assert desk.names(0) == ["calls_1.csv"]
        path = desk.folder / "id_ed25519"
        path.write_text(server.key)
        monkeypatch.setenv("NORFOLK_KEY", str(path))
        assert desk.names(1) == ["calls_1.csv"]
        path.write_text("-----BEGIN")
        with pytest.raises(UsageError, match="private key cannot be read"):
            desk.fetched(2)

    def test_a_password_that_is_refused_is_not_repeated(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NORFOLK_SFTP_PASSWORD", "wr0ng")
        with pytest.raises(UsageError, match="is refused") as refused:
            desk.fetched(0)
        assert "wr0ng" not in str(refused.value)

    def test_another_host_key_is_told_nothing(self, desk: Desk, server: SftpServer) -> None:
        desk.connection["host_key"] = "SHA256:" + "A" * 43
        with pytest.raises(UsageError, match="host_key is another") as refused:
            desk.fetched(0)
        assert server.host_key in str(refused.value)

    def test_known_hosts(self, desk: Desk, server: SftpServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        drop(server, "calls_1.csv")
        monkeypatch.setenv("HOME", str(tmp_path))
        del desk.connection["host_key"]
        with pytest.raises(UsageError, match="neither host_key nor known_hosts has it"):
            desk.fetched(0)
        known = tmp_path / ".ssh" / "known_hosts"
        known.parent.mkdir()
        known.write_text(server.known_hosts_line() + "\n")
        assert desk.names(0) == ["calls_1.csv"]
        with SftpServer(tmp_path / "drops") as other:
            known.write_text(other.known_hosts_line().replace(str(other.port), str(server.port)) + "\n")
        with pytest.raises(UsageError, match="known_hosts has another"):
            desk.fetched(1)

    def test_nobody_answers(self, desk: Desk) -> None:
        desk.url = "sftp://127.0.0.1:9/"
        desk.connection["drops"] = desk.url
        with pytest.raises(NotAnsweringError, match="no whole answer"):
            desk.fetched(0)

    def test_no_such_folder(self, desk: Desk) -> None:
        desk.url += "nowhere"
        desk.connection["drops"] = desk.url
        with pytest.raises(UsageError, match="there is no such folder"):
            desk.fetched(0)


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ({"drops": "ftp://drops.norfolk.example"}, "address is none"),
        ({"drops": "sftp://user:s3cret@drops.norfolk.example/"}, "user or password"),
        ({"drops": "sftp://drops.norfolk.example/../x"}, "leads upwards"),
        ({"drops": "s3://bucket/", "host_key": "SHA256:" + "A" * 43}, "a bucket has no host_key"),
        ({"host_key": "MD5:00:11"}, "no fingerprint"),
        ({"user": "pledge", "secret": ""}, "user stands alone"),
        ({"settle_seconds": -1}, "settle_seconds is -1"),
        ({"endpoint": "http://minio.norfolk.example"}, "http:// to"),
        ({"http": "https://norfolk.example", "records": "x"}, "of several"),
    ],
)
def test_a_connection_that_is_wrong(desk: Desk, stated: dict[str, object], found: str) -> None:
    desk.connection |= stated
    with pytest.raises(PledgeError, match=found) as refused:
        desk.wanted()
    assert "s3cret" not in str(refused.value)


def test_files_and_their_place_belong_together(desk: Desk) -> None:
    del desk.front["files"]
    with pytest.raises(UsageError, match="files or the place they are dropped at stands alone"):
        desk.wanted()
    desk.front["files"] = "out/*.csv"
    with pytest.raises(UsageError, match="a pattern of names in the folder itself"):
        desk.wanted()
