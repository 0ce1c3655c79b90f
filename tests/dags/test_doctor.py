"""`pledge doctor` over installations with one thing wrong each: it names it, says what to mend, and changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from connectors.signing import signing_key
from connectors.store.engine import open_store
from connectors.store.migrations import current_revision, downgrade
from dags import doctor_machine
from dags.doctor import OK, WARN, WRONG, Line, examined
from tests.conftest import Logins
from tests.journey.logs import call, write
from tests.journey.pledge import Pledge, run_here
from tests.slack_server import Drops, Holds, Refuses, SlackServer

CHANNEL, OPERATIONS = "C0123456789", "C000OPERATE"


@pytest.fixture(autouse=True)
def only_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("PLEDGE_", "AIRFLOW_")) or name.lower() in ("http_proxy", "https_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def after_a_night(tmp_path_factory: pytest.TempPathFactory) -> Pledge:
    pledge = Pledge(tmp_path_factory.mktemp("installed"))
    write(pledge.input, "calls", [call("a", "2026-03-02 10:00:00", 5)])
    assert pledge.run("2026-03-03T06:00:00Z").code == 0
    pledge.folder.chmod(0o700)
    return pledge


@pytest.fixture
def pledge(after_a_night: Pledge, tmp_path: Path) -> Pledge:
    """A copy of an installation after its first night."""
    copied = Pledge(tmp_path / "copied")
    shutil.copytree(after_a_night.folder, copied.folder, dirs_exist_ok=True)
    copied.folder.chmod(0o700)
    return copied


def look(pledge: Pledge, later: timedelta = timedelta(0), **environ: str) -> list[Line]:
    return examined(environ, str(pledge.lake), pledge.store, datetime.now(UTC) + later)


def lines(found: list[Line], area: str, state: str = "") -> list[str]:
    return [line.found for line in found if line.area == area and state in ("", line.state)]


def wrong(found: list[Line]) -> list[str]:
    assert all(line.mend for line in found if line.state != OK), found
    return [line.found for line in found if line.state == WRONG]


def test_after_a_night_all_is_well(pledge: Pledge) -> None:
    before = _left(pledge)
    found = look(pledge)
    assert [line for line in found if line.state != OK] == []
    areas = {line.area for line in found}
    assert areas == {
        "settings", "standards", "lake", "slack", "store", "permissions", "chain", "nights", "versions", "keys",
        "disk", "airflow",
    }  # fmt: skip
    assert _left(pledge) == before, "it changes nothing"


def _left(pledge: Pledge) -> list[tuple[str, object]]:
    files = [path for path in pledge.folder.rglob("*") if path.is_file() and ".sqlite" not in path.name]
    return [*sorted((str(path), path.stat().st_mtime_ns) for path in files), *pledge.tables().items()]


def test_before_the_first_run_nothing_is_wrong(tmp_path: Path) -> None:
    found = look(Pledge(tmp_path))
    assert wrong(found) == []
    assert not (tmp_path / "lake").exists() and not (tmp_path / "pledge.sqlite").exists()
    assert "no run" not in str(found)


def test_the_command(pledge: Pledge, monkeypatch: pytest.MonkeyPatch) -> None:
    said = pledge("doctor", "--format", "json")
    assert said.code == 0, said.out
    assert {"state", "area", "found", "mend"} == set(said.rows[0])
    monkeypatch.setenv("PLEDGE_SLACK_TOKN", "xoxb-1-secret")
    said = pledge("doctor", "--format", "json")
    assert (said.code, said.err) == (1, f"{len(said.rows) - 1} ok, 0 to think about, 1 wrong.\n")
    assert b"xoxb-1-secret" not in said.out
    assert said.rows[0]["mend"] == "Did you mean PLEDGE_SLACK_TOKEN?"


def test_settings_and_files_that_cannot_be_used(pledge: Pledge, tmp_path: Path) -> None:
    for name, value, sentence in (
        ("PLEDGE_LOG", "xml", "PLEDGE_LOG is xml"),
        ("PLEDGE_FORCES", str(tmp_path / "none.yaml"), "none.yaml"),
        ("PLEDGE_NIGHTLY_STANDARDS", "policing_pledge_1984", "policing_pledge_1984"),
        ("PLEDGE_WATCH_HOURS", "soon", "soon is no number of hours"),
        ("PLEDGE_SUPPRESS_BELOW", "few", "it is few"),
        ("PLEDGE_SLACK_SAY_AGAIN_DAYS", "-1", "PLEDGE_SLACK_SAY_AGAIN_DAYS"),
        ("PLEDGE_RETENTION", str(tmp_path / "none.yaml"), "none.yaml"),
        ("PLEDGE_REBASES", str(tmp_path / "none.yaml"), "none.yaml"),
        ("PLEDGE_PSEUDONYM_KEY", str(tmp_path / "none.key"), "none.key"),
        ("PLEDGE_INPUT", str(tmp_path / "none"), "no folder this user can read"),
        ("PLEDGE_NIGHTLY_SOURCES", "no_such_source", "no_such_source"),
    ):
        found = wrong(look(pledge, **{name: value}))
        assert len(found) == 1 and sentence in found[0], (name, found)


def test_a_source_without_its_credential(pledge: Pledge, tmp_path: Path) -> None:
    folder = tmp_path / "sources" / "phones"
    folder.mkdir(parents=True)
    (folder / "connection.yaml").write_text(
        "connection:\n  http: https://calls.example/api/\n  records: calls\n  header: X-Key\n  secret: PHONES_KEY\n"
    )
    (folder / "calls.sql").write_text(
        "/*---\nlog: calls\nforce: norfolk\n---*/\nselect row_number, id as call_id from raw\n"
    )
    named = {"PLEDGE_SOURCES": str(tmp_path / "sources"), "PLEDGE_NIGHTLY_SOURCES": "phones"}
    assert "PHONES_KEY" in wrong(look(pledge, **named))[0]


def test_keys_that_others_may_read(pledge: Pledge) -> None:
    key = pledge.folder / "signing-key.pem"
    key.chmod(0o640)
    assert wrong(look(pledge)) == [f"signing key {key} is open to others (mode 640)"]
    key.write_text("no key")
    key.chmod(0o600)
    assert "it holds no key" in wrong(look(pledge))[0]


def test_a_folder_open_to_all(pledge: Pledge) -> None:
    pledge.folder.chmod(0o777)
    found = look(pledge)
    assert wrong(found) == []
    assert "others may write to its folder" in lines(found, "keys", WARN)[0]
    assert "can be read by others" in lines(found, "permissions", WARN)[0]


def test_the_chain_and_its_file_of_heads(pledge: Pledge) -> None:
    heads = pledge.folder / "chain-head.txt"
    said = heads.read_text()
    heads.write_text(f"{said}9 a-run-that-was-taken-away {'0' * 64}\n")
    assert "the last head in" in wrong(look(pledge))[0]
    heads.unlink()
    assert "cannot be read" in wrong(look(pledge))[0]
    signing_key(pledge.folder / "other" / "key.pem")
    (pledge.folder / "other").chmod(0o700)
    found = look(pledge, PLEDGE_SIGNING_KEY=str(pledge.folder / "other" / "key.pem"), PLEDGE_CHAIN_HEAD=str(heads))
    assert "was signed by another key" in lines(found, "chain", WARN)[0]
    heads.write_text(said)
    engine = create_engine(pledge.store)
    with engine.begin() as conn:
        conn.execute(text("DROP TRIGGER runs_no_update"))
        conn.execute(text("UPDATE runs SET manifest = replace(manifest, '2026', '2027')"))
    assert "does not hold" in wrong(look(pledge))[0]


def test_nights_that_were_killed_failed_or_never_came(pledge: Pledge) -> None:
    assert lines(look(pledge), "nights", OK)
    assert "Last night's run is missing" in next(
        line.mend for line in look(pledge, timedelta(hours=27)) if line.state == WRONG
    )
    engine = create_engine(pledge.store)
    row = "INSERT INTO runs (run_id, run_number, as_at, standards, started_at, status) VALUES"
    now = datetime.now(UTC)
    with engine.begin() as conn:
        conn.execute(text(f"{row} ('killed', 2, '2026-03-04T06:00:00Z', '[]', '{now:%Y-%m-%dT%H:%M:%S}Z', 'running')"))
    found = look(pledge, timedelta(hours=1))
    assert wrong(found) == []
    assert lines(found, "nights", WARN) == ["run killed has been running for 1.0 hours"]
    assert "it was killed" in wrong(look(pledge, timedelta(hours=21)))[0]
    # The next run, a night later, closes it and says so.
    with engine.begin() as conn:
        conn.execute(text("DELETE FROM runs WHERE run_id = 'killed'"))
        begun = now - timedelta(hours=21)
        conn.execute(
            text(f"{row} ('killed', 2, '2026-03-04T06:00:00Z', '[]', '{begun:%Y-%m-%dT%H:%M:%S}Z', 'running')")
        )
    said = pledge.run("2026-03-05T06:00:00Z")
    assert "Run killed of" in said.err and "never ended; it is closed as failed." in said.err
    assert {run["run_id"]: run["status"] for run in pledge.rows("runs")}["killed"] == "failed"
    assert wrong(look(pledge)) == []


def test_the_newest_run_failed(pledge: Pledge) -> None:
    engine = create_engine(pledge.store)
    with engine.begin() as conn:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z"
        conn.execute(
            text(
                "INSERT INTO runs (run_id, run_number, as_at, standards, started_at, finished_at, status) VALUES "
                f"('broken', 2, '2026-03-04T06:00:00Z', '[]', '{now}', '{now}', 'failed')"
            )
        )
    assert wrong(look(pledge)) == ["the newest run, broken, failed"]


def test_a_store_that_does_not_answer_is_a_line_without_its_password(pledge: Pledge) -> None:
    for url in ("postgresql+psycopg://u:s3cret@127.0.0.1:9/x", "mysql://u:s3cret@h/x", "nonsense"):
        found = examined({}, str(pledge.lake), url, datetime.now(UTC))
        assert any(line.area == "store" for line in found if line.state == WRONG), url
        assert "s3cret" not in str(found)
        assert lines(found, "versions"), "the rest is looked at all the same"


def test_a_store_of_another_version_is_left_as_it_is(pledge: Pledge) -> None:
    engine = open_store(pledge.store)
    downgrade(engine, "0012")
    found = look(pledge)
    assert "its tables are of revision 0012" in wrong(found)[0]
    with engine.connect() as conn:
        assert current_revision(conn) == "0012"


def test_slack(pledge: Pledge) -> None:
    with SlackServer(channels=(CHANNEL, OPERATIONS)) as slack:
        given = {"PLEDGE_SLACK_TOKEN": slack.token, "PLEDGE_SLACK_URL": slack.url, "PLEDGE_SLACK_CHANNEL": CHANNEL}
        found = look(pledge, **given)
        assert wrong(found) == []
        assert "nobody is told of a night that fails" in lines(found, "slack", WARN)[0]
        given["PLEDGE_SLACK_OPERATIONS_CHANNEL"] = OPERATIONS
        assert lines(look(pledge, **given), "slack", WARN) == []
        found = look(pledge, timedelta(seconds=90), **given)
        assert "clock and that of Slack are" in lines(found, "clock", WRONG)[0]
        assert wrong(look(pledge, **given | {"PLEDGE_SLACK_CHANNEL": ""})) == [
            "PLEDGE_SLACK_CHANNEL is not set: nothing is announced"
        ]
        for behaviour, sentence in ((Refuses("invalid_auth"), "invalid_auth"), (Drops(), "no usable answer")):
            slack.next("auth.test", behaviour)
            found = look(pledge, **given)
            assert sentence in wrong(found)[0]
            assert slack.token not in str(found)


def test_a_system_that_is_silent_is_a_line_and_the_rest_is_there(pledge: Pledge) -> None:
    with SlackServer(channels=(CHANNEL,)) as slack:
        given = {"PLEDGE_SLACK_TOKEN": slack.token, "PLEDGE_SLACK_URL": slack.url, "PLEDGE_SLACK_CHANNEL": CHANNEL}
        held = Holds()
        slack.next("auth.test", held)
        begun = time.monotonic()
        found = examined(given, str(pledge.lake), pledge.store, datetime.now(UTC), patience=4)
        held.release.set()
    assert time.monotonic() - begun < 30
    assert lines(found, "slack", WRONG) == ["no answer within 4 seconds"]
    assert lines(found, "settings", OK)


def test_airflow(pledge: Pledge, tmp_path: Path) -> None:
    base = {n: v for n, v in os.environ.items() if not n.startswith(("PLEDGE_", "AIRFLOW"))}
    given = base | {"AIRFLOW_HOME": str(tmp_path / "airflow"), "PLEDGE_INPUT": str(pledge.input)}
    found = look(pledge, **given)
    assert wrong(found) == []
    told = lines(found, "airflow")
    assert "the DAGs monthly, nightly, watch import" in " ".join(told)
    assert any("it looks for DAGs in" in line for line in lines(found, "airflow", WARN))
    assert any("late by 06:30 is told to nobody" in line for line in lines(found, "airflow", WARN))
    assert any("metrics are sent nowhere" in line for line in told)


def test_a_full_disk(pledge: Pledge, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, state in ((5 * 10**8, WRONG), (10**12, OK)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: shutil._ntuple_diskusage(free, 0, free))
        assert lines(look(pledge), "disk", state)


def test_packages_are_compared_with_the_lock() -> None:
    lock = 'pytest==0.1 \\\n    --hash=sha256:00\nwinpty==1 ; sys_platform == "win32" \\\nno-such-package==2\n'
    assert [line.split()[0] for line in doctor_machine._unlike(lock)] == ["pytest", "no-such-package"]


@pytest.fixture
def by_login(logins: Logins, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What each login of PostgreSQL is told, after a night of the writer."""
    from connectors.store import members, roles

    names = {kind: logins.add(kind) for kind in ("writer", "reader")}
    owner = open_store(logins.url(logins.owner))
    bare = Pledge(tmp_path, logins.url(logins.owner))
    keys = {
        "PLEDGE_SIGNING_KEY": str(tmp_path / "keys" / "key.pem"),
        "PLEDGE_CHAIN_HEAD": str(tmp_path / "keys" / "heads.txt"),
    }
    before = look(bare, **keys)
    with owner.begin() as conn:
        roles.lay_out(conn)
        members.add(conn, names["writer"], roles.WRITER, [], "dba", datetime.now(UTC))
        members.add(conn, names["reader"], roles.READER, ["norfolk"], "dba", datetime.now(UTC))
    write(bare.input, "calls", [call("a", "2026-03-02 10:00:00", 5)])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in keys.items():
            patch.setenv(name, value)
        pledge = Pledge(tmp_path, logins.url(names["writer"]))
        assert pledge.run("2026-03-03T06:00:00Z").code == 0
    (tmp_path / "keys").chmod(0o700)
    found = {kind: look(Pledge(tmp_path, logins.url(name)), **keys) for kind, name in names.items()}
    yield {"before": before, "owner": look(bare, **keys), **found}
    owner.dispose()


def test_logins_of_postgresql(by_login: dict[str, list[Line]]) -> None:
    assert [line for line in by_login["writer"] if line.state != OK] == []
    assert "seconds apart" in lines(by_login["writer"], "clock")[0]
    assert wrong(by_login["before"]) == []
    assert "no roles are laid out" in " ".join(lines(by_login["before"], "permissions", WARN))
    assert "owns the tables" in " ".join(lines(by_login["owner"], "permissions", WARN))
    assert "may not write (pledge_reader)" in wrong(by_login["reader"])[0]


def test_json_for_a_machine(pledge: Pledge) -> None:
    said = run_here("doctor", "--format", "json", "--lake", str(pledge.lake), "--store", pledge.store)
    assert all(set(row) == {"state", "area", "found", "mend"} for row in json.loads(said.out))
