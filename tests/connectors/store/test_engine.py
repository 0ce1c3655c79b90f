"""Opening a store ends in a store, or in one sentence that carries no password."""

from __future__ import annotations

import multiprocessing
import socket
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from checks.errors import NotAnsweringError, PledgeError, UsageError
from connectors.store import engine as engine_module
from connectors.store.engine import open_store, reading
from connectors.store.write import start_run

NOW = datetime(2026, 3, 30, tzinfo=UTC)


def refused(url: str, kind: type[PledgeError], sentence: str, **options: bool) -> None:
    with pytest.raises(kind, match=sentence) as caught:
        open_store(url, **options)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_folder_is_made_and_the_journal_is_wal(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'a' / 'b' / 'pledge.sqlite'}")
    with reading(engine) as conn:
        assert conn.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert conn.execute(text("PRAGMA foreign_keys")).scalar() == 1


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("not a url hunter2", "it cannot be read"),
        ("mysql://user:hunter2@host/db", "kind mysql are not supported"),
        ("postgres://user:hunter2@host/db", "kind postgres are not supported"),
        ("postgresql+nothing://user:hunter2@host/db", "driver postgresql.nothing is not installed"),
        ("postgresql+asyncpg://user:hunter2@host/db", "driver postgresql.asyncpg is not installed"),
        ("postgresql://user:hunter2@host:port/db", "it cannot be read|not understood"),
        ("sqlite://", "no file is named"),
        ("sqlite:///:memory:", "no file is named"),
    ],
)
def test_a_url_that_cannot_be_used(url: str, sentence: str) -> None:
    refused(url, UsageError, sentence)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused(f"sqlite:///{tmp_path}/file/pledge.sqlite", UsageError, "its folder cannot be made")


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    refused(f"sqlite:///{tmp_path}", UsageError, "cannot be opened for writing")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are notes, not a database " * 100)
    refused(f"sqlite:///{tmp_path}/notes.txt", UsageError, "not a SQLite database")


def test_a_store_that_is_not_there_may_be_refused(tmp_path: Path) -> None:
    refused(f"sqlite:///{tmp_path}/none/pledge.sqlite", UsageError, "there is no such file", create=False)
    assert not (tmp_path / "none").exists()


def test_a_file_another_process_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "WAIT_SECONDS", 0.2)
    with sqlite3.connect(tmp_path / "pledge.sqlite") as holder:
        holder.execute("PRAGMA journal_mode = WAL")
        holder.execute("BEGIN IMMEDIATE")
        refused(f"sqlite:///{tmp_path}/pledge.sqlite", NotAnsweringError, "another process holds it")


def test_a_server_that_refuses_the_connection() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"postgresql://user:hunter2@127.0.0.1:{unused.getsockname()[1]}/db?sslpassword=hunter2"
        refused(url, NotAnsweringError, "the database does not answer")


def test_a_connection_over_which_nothing_passes_counts_as_cut_after_a_minute(writer_url: str) -> None:
    with open_store(writer_url).connect() as conn:
        asked = conn.connection.driver_connection.info.get_parameters()
    assert (asked["tcp_user_timeout"], asked["keepalives_idle"], asked["keepalives_count"]) == ("60000", "30", "3")


def test_a_database_that_does_not_exist(postgres_url: str) -> None:
    url = make_url(postgres_url).set(database="nowhere").render_as_string(hide_password=False)
    refused(url, UsageError, "database or user does not exist")


def test_a_wrong_password(postgres_url: str) -> None:
    """The wheel's server trusts everyone, so one rule that asks for a password is put before its own."""
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        rules = Path(str(conn.execute(text("SHOW hba_file")).scalar()))
        before = rules.read_text()
        conn.execute(text("CREATE ROLE clerk LOGIN PASSWORD 'right'"))
        rules.write_text("local all clerk scram-sha-256\n" + before)
        conn.execute(text("SELECT pg_reload_conf()"))
        try:
            time.sleep(0.5)
            url = make_url(postgres_url).set(username="clerk")
            for password in ("hunter2", None):
                asked = url.set(password=password).render_as_string(hide_password=False)
                refused(asked, UsageError, "user or password is refused")
            right = url.set(password="right").render_as_string(hide_password=False)
            refused(right, UsageError, "this login may not create or change tables")
        finally:
            rules.write_text(before)
            conn.execute(text("SELECT pg_reload_conf()"))
            conn.execute(text("DROP ROLE clerk"))
    engine.dispose()


def test_a_build_of_sqlite_without_square_roots(tmp_path: Path) -> None:
    """Simulated on a driver's connection: its own sqrt is taken away before the store sets it up."""
    connection = sqlite3.connect(tmp_path / "plain.sqlite")
    connection.create_function("sqrt", 1, None)
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("SELECT sqrt(4)")
    engine_module._set_up_sqlite(connection, None)
    assert connection.execute("SELECT sqrt(4), sqrt(NULL), sqrt(-1)").fetchone() == (2.0, None, None)


def _many_runs(url: str, name: str) -> list[int]:
    engine = open_store(url)
    numbers = []
    for i in range(10):
        with engine.begin() as conn:
            numbers.append(start_run(conn, {"run_id": f"{name}{i}", "as_at": NOW, "started_at": NOW, "standards": []}))
    return numbers


def test_processes_that_read_and_then_write_wait_for_each_other(store_url: str) -> None:
    open_store(store_url).dispose()
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        numbers = pool.starmap(_many_runs, [(store_url, name) for name in "abcd"])
    assert sorted(number for each in numbers for number in each) == list(range(1, 41))


def test_a_reader_does_not_wait_for_a_writer(store_url: str) -> None:
    engine = open_store(store_url)
    with engine.begin() as writer:
        start_run(writer, {"run_id": "r1", "as_at": NOW, "started_at": NOW, "standards": []})
        with reading(engine) as reader:
            assert reader.execute(text("SELECT count(*) FROM runs")).scalar() == 0
