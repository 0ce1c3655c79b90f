"""A database, an SFTP server and a bucket connected by what the README says, word for word but for the addresses."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import obstore
import pytest
import sqlalchemy as sa
from moto.server import ThreadedMotoServer
from obstore.store import S3Store
from sqlalchemy import make_url

from tests.journey.pledge import Pledge, Said, run_here
from tests.sftp_server import PASSWORD, USER, SftpServer

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
# Rows are of the last hours: what is too old is unfit, and nothing is fetched as at a moment long ago.
DAY = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=20)


def blocks(heading: str, kind: str) -> list[str]:
    section = README.split(f"### {heading}\n")[1].split("\n## ")[0].split("\n### ")[0]
    return re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL)


def commands(heading: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The commands of a section, one by one; what it exports is set."""
    for line in blocks(heading, "sh")[0].splitlines():
        words = shlex.split(line, comments=True)
        if words[0] == "export":
            for word in words[1:]:
                monkeypatch.setenv(*word.split("=", 1))
        else:
            assert words[0] == "pledge", line
            yield words[1:]


class Newcomer:
    """Somebody in an empty folder with a README."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.home = Pledge(folder / ".pledge")
        self.home.store = f"sqlite:///{folder / '.pledge' / 'pledge.sqlite'}"
        self._patch = monkeypatch
        self.environment: dict[str, str] = {}
        (folder / "my-sources").mkdir()
        monkeypatch.chdir(folder)

    def describe(self, name: str, text: str, **instead: str) -> None:
        """Write a description of the README, with other addresses in place of the examples'."""
        for key, value in instead.items():
            text, count = re.subn(rf"(?m)^(  {key}:) \S+", lambda found, to=value: f"{found[1]} {to}", text)
            assert count == 1, key
        (self.folder / "my-sources" / f"{name}.sql").write_text(text)

    def follow(self, heading: str) -> list[Said]:
        said = []
        for words in commands(heading, self._patch):
            for name, value in self.environment.items():
                self._patch.setenv(name, value)
            said.append(run_here(*words))
            assert said[-1].code == 0, f"{words}\n{said[-1].err}"
        return said

    def states(self) -> dict[str, str]:
        return self.home.states("answer_999")


@pytest.fixture
def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newcomer:
    return Newcomer(tmp_path, monkeypatch)


@pytest.fixture
def database(postgres_url: str) -> Iterator[tuple[str, Callable[..., None]]]:
    """A force's database, its address as the README's reader sees it, and how its owner changes it."""
    owner = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")

    def do(*statements: str) -> None:
        with owner.connect() as conn:
            for statement in statements:
                conn.exec_driver_sql(statement)

    do("drop table if exists call_log")
    do(
        "create table call_log (call_no int primary key, source text, caller text, rang_at timestamptz, "
        "answered_at timestamptz, hung_up_at timestamptz, changed_at timestamptz not null)"
    )
    for statement in blocks("A database", "sql")[0].split(";\n"):
        do(*filter(None, [statement.strip().rstrip(";")]))
    yield make_url(postgres_url)._replace(username="cad_reader", password=None).render_as_string(), do
    do("drop table call_log", "drop role cad_reader")
    owner.dispose()


def calls(do: Callable[..., None], first: int, last: int, seconds: int, hours: int = 0, source: str = "EM") -> None:
    at = f"timestamptz '{(DAY + timedelta(hours=hours)).isoformat()}' + (n - {first}) * interval '1 minute'"
    do(
        f"insert into call_log select n, '{source}', 'A. Person', at, at + interval '{seconds} seconds', null, at "
        f"from (select n, {at} as at from generate_series({first}, {last}) n) x"
    )


HEADING = "A database"


def test_a_database(newcomer: Newcomer, database: tuple[str, Callable[..., None]]) -> None:
    url, do = database
    calls(do, 1, 30, 5), calls(do, 31, 32, 5, source="??")
    newcomer.describe("norfolk_cad", blocks(HEADING, "sql")[1], sql=url)
    checked, ran, verdicts = newcomer.follow(HEADING)
    assert "32 rows read, 2 would be quarantined; fit" in checked.err
    assert "32 rows of call_log read" in ran.err and "30 admitted, 2 quarantined" in ran.err
    assert b"answer_999" in verdicts.out
    assert set(newcomer.states().values()) == {"met"} and len(newcomer.states()) == 30

    assert newcomer.home("run", "--source", f"norfolk_cad={url}").code == 0
    for place, said in {
        url.replace("cad_reader@", "cad_reader:a-long-one@"): "holds a password",
        "sftp://cad.norfolk.example/out": "the driver sftp is not installed",
    }.items():
        refused = newcomer.home("check", "calls", place, "--source", "norfolk_cad")
        assert (refused.code, said in refused.sentence, "a-long-one" in refused.err) == (2, True, False), refused.err


def nights(newcomer: Newcomer, *hours: int) -> list[Said]:
    """Runs so many hours after the first row."""
    return [
        newcomer.home("run", "--source", "norfolk_cad", "--as-at", (DAY + timedelta(hours=each)).isoformat())
        for each in hours
    ]


def test_nights_of_a_database(
    newcomer: Newcomer, database: tuple[str, Callable[..., None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, do = database
    monkeypatch.setenv("PLEDGE_SOURCES", "my-sources")
    monkeypatch.setenv("NORFOLK_CAD_PASSWORD", "a-long-one")
    newcomer.describe("norfolk_cad", blocks(HEADING, "sql")[1].replace("overlap: 1440", "overlap: 60"), sql=url)
    calls(do, 1, 30, 5)
    first, again = nights(newcomer, 1, 1)
    assert (first.code, again.code) == (0, 0), first.err
    before, versions = newcomer.home.tables(), newcomer.home.versions()
    assert nights(newcomer, 1)[0].code == 0
    after = newcomer.home.tables()
    assert len(after.pop("runs")) == len(before.pop("runs")) + 1
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
    assert newcomer.home.versions() == versions

    # What is unfit is read again, once it is mended.
    calls(do, 101, 160, 5, hours=2, source="??")
    bad = nights(newcomer, 4)[0]
    assert bad.code == 1, bad.err
    do("update call_log set source = 'EM' where source = '??'")
    calls(do, 201, 203, 60, hours=4)
    mended = nights(newcomer, 6)[0]
    assert mended.code == 0, mended.err
    assert sorted(newcomer.states().values()) == ["met"] * 90 + ["missed"] * 3

    # A backup is restored: nothing is withdrawn, nothing is counted again, and the log is unfit until it is ahead.
    do("delete from call_log where call_no > 100")
    restored = nights(newcomer, 7)[0]
    assert restored.code == 1 and "went back in time" in restored.err
    assert len(newcomer.states()) == 93
    text = blocks(HEADING, "sql")[1].replace("overlap: 1440", "overlap: 60")
    newcomer.describe("norfolk_cad", text.replace("log: calls\n", "log: calls\ndelivers: snapshot\n"), sql=url)
    whole = nights(newcomer, 8)[0]
    assert whole.code == 0, whole.err
    assert len(newcomer.states()) == 30, "one snapshot withdraws what is gone, though its bytes were delivered before"
    newcomer.describe("norfolk_cad", text, sql=url)

    # The table's column is renamed, the server is gone: unfit, in a sentence.
    do("alter table call_log rename column answered_at to picked_up_at")
    calls_again = "insert into call_log (call_no, source, rang_at, changed_at) values (999, 'EM', '{0}', '{0}')"
    do(calls_again.format((DAY + timedelta(hours=8)).isoformat()))
    renamed = nights(newcomer, 9)[0]
    assert renamed.code == 1 and "no column 'answered_at'" in renamed.err, renamed.err
    do("revoke select on call_log from cad_reader")
    refused = nights(newcomer, 10)[0]
    assert refused.code == 1 and "the user may not read it" in refused.err
    assert "a-long-one" not in refused.err + restored.err
    assert len(newcomer.states()) == 30


def test_a_snapshot_of_a_database_withdraws_what_is_gone(
    newcomer: Newcomer, database: tuple[str, Callable[..., None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, do = database
    monkeypatch.setenv("PLEDGE_SOURCES", "my-sources")
    monkeypatch.setenv("NORFOLK_CAD_PASSWORD", "a-long-one")
    text = blocks(HEADING, "sql")[1].replace("log: calls\n", "log: calls\ndelivers: snapshot\n")
    newcomer.describe("norfolk_cad", text, sql=url)
    calls(do, 1, 10, 5)
    assert nights(newcomer, 1)[0].code == 0
    do("delete from call_log where call_no <= 2")
    assert nights(newcomer, 2)[0].code == 0
    assert len(newcomer.states()) == 8
    do("delete from call_log where call_no > 4")
    shrunk = nights(newcomer, 3)[0]
    assert shrunk.code == 1, shrunk.err
    assert len(newcomer.states()) == 8, "half a table withdraws nothing"


def csv(first: int, last: int, seconds: int = 5) -> bytes:
    rows = [DAY + timedelta(minutes=n) for n in range(first, last + 1)]
    lines = [f"{n},{at},{at + timedelta(seconds=seconds)}" for n, at in enumerate(rows, first)]
    return "\n".join(["call_no,rang_at,answered_at", *lines, ""]).encode()


def test_an_sftp_server(newcomer: Newcomer, tmp_path: Path) -> None:
    heading = "Files dropped on an SFTP server"
    (tmp_path / "drops" / "out").mkdir(parents=True)
    with SftpServer(tmp_path / "drops") as server:
        instead = {"drops": f"{server.url}out", "user": USER, "host_key": server.host_key, "settle_seconds": "1"}
        newcomer.describe("norfolk_sftp", blocks(heading, "sql")[0], **instead)
        newcomer.environment["NORFOLK_SFTP_PASSWORD"] = PASSWORD
        (tmp_path / "drops" / "out" / "calls_1.csv").write_bytes(csv(1, 10))
        (tmp_path / "drops" / "out" / "calls_2.csv").write_bytes(csv(11, 15, 60))
        checked, ran = newcomer.follow(heading)
        assert "5 rows read, 0 would be quarantined; fit" in checked.err
        assert ran.err.count("admitted, 0 quarantined") == 2
        assert sorted(newcomer.states().values()) == ["met"] * 10 + ["missed"] * 5

        before = newcomer.home.tables()
        (tmp_path / "drops" / "out" / "calls_3.csv").write_bytes(csv(1, 10))
        again = newcomer.follow(heading)[1]
        assert "admitted before, nothing new." in again.err, "the same bytes under another name"
        after = newcomer.home.tables()
        assert after["deliveries"] == before["deliveries"]

        (tmp_path / "drops" / "out" / "calls_3.csv").write_bytes(b"call_no,rang\n1,2\n")
        broken = newcomer.home("run", "--source", "norfolk_sftp")
        assert (broken.code, "no column 'rang_at'" in broken.err) == (1, True), broken.err
        server.cut_after = 1
        (tmp_path / "drops" / "out" / "calls_4.csv").write_bytes(csv(16, 20))
        cut = newcomer.home("run", "--source", "norfolk_sftp")
        assert len(newcomer.states()) in (15, 20), cut.err
        (tmp_path / "drops" / "out" / "calls_3.csv").unlink()
        newcomer.follow(heading)
        assert len(newcomer.states()) == 20


def test_a_bucket(newcomer: Newcomer) -> None:
    heading = "Files dropped in a bucket"
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    try:
        endpoint = "http://{}:{}".format(*moto.get_host_and_port())
        httpx.put(f"{endpoint}/norfolk-drops").raise_for_status()
        store = S3Store(
            "norfolk-drops", endpoint=endpoint, region="eu-west-2", access_key_id="id", secret_access_key="key",
            client_options={"allow_http": True},
        )  # fmt: skip
        newcomer.describe("norfolk_bucket", blocks(heading, "sql")[0], endpoint=endpoint)
        obstore.put(store, "out/calls_1.csv", csv(1, 10))
        checked, _ = newcomer.follow(heading)
        assert "10 rows read, 0 would be quarantined; fit" in checked.err
        obstore.put(store, "out/calls_1.csv", csv(1, 12))
        as_at = ("--as-at", datetime.now(UTC).isoformat())
        assert newcomer.home("run", "--source", "norfolk_bucket", *as_at).code == 0
        assert len(newcomer.states()) == 12
        before, versions = newcomer.home.tables(), newcomer.home.versions()
        assert newcomer.home("run", "--source", "norfolk_bucket", *as_at).code == 0
        after = newcomer.home.tables()
        assert len(after.pop("runs")) == len(before.pop("runs")) + 1
        assert (after, newcomer.home.versions()) == (before, versions)
    finally:
        moto.stop()
