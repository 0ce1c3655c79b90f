"""A fetch from a database: what is new is read once, late rows are, and a database that went back is refused."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
import yaml
from sqlalchemy import make_url

from checks.errors import NotAnsweringError, NotFitError, UsageError
from connectors.sources.description import described
from connectors.sources.sql import parts, relation
from connectors.sources.sql.fetch import fetch
from connectors.sources.whole_fetch import MANIFEST
from tests.connectors.sources.sql.conftest import Cad


class TestIncrement:
    def test_the_first_reads_all_and_the_next_what_is_new(self, cad: Cad) -> None:
        cad.call("a", "2026-03-08"), cad.call("b", "2026-03-09")
        assert cad.ids(0) == ["a", "b"]
        cad.call("c", "2026-03-10")
        assert cad.ids(1) == ["b", "c"], "the newest is read again: others may have the same moment"

    def test_a_row_that_comes_late_is_within_the_overlap(self, cad: Cad) -> None:
        cad.call("a", "2026-03-09")
        cad.ids(0)
        cad.call("within", "2026-03-08", "2026-03-09 09:00:00+00:00")
        cad.call("before", "2026-03-08", "2026-03-09 08:59:59+00:00")
        assert cad.ids(1) == ["a", "within"]

    def test_a_changed_row_comes_again(self, cad: Cad) -> None:
        cad.call("a", "2026-03-01"), cad.call("b", "2026-03-09")
        cad.ids(0)
        cad.do("update calls set kind = 'test', changed_at = '2026-03-10 08:00:00+00:00' where call_id = 'a'")
        assert {row["call_id"]: row["kind"] for row in cad.fetched(1)} == {"a": "test", "b": "public"}

    def test_what_is_changed_after_the_runs_moment_waits(self, cad: Cad) -> None:
        cad.call("a", "2026-03-09"), cad.call("at", "2026-03-09", "2026-03-10 05:00:00+00:00")
        cad.call("later", "2026-03-09", "2026-03-10 05:00:01+00:00")
        assert cad.ids(0) == ["a", "at"]
        assert cad.said[-1] == "cad: 1 rows have a changed_at later than the run; they wait for a later one."
        assert cad.ids(1) == ["at", "later"]

    def test_an_unfit_or_failed_one_does_not_move_the_watermark(self, cad: Cad) -> None:
        cad.call("a", "2026-03-08")
        cad.ids(0)
        cad.call("b", "2026-03-10")
        assert cad.ids(1, fit=False) == ["a", "b"]
        cad.call("c", "2026-03-11")
        cad.do("alter table calls rename to gone")
        with pytest.raises(UsageError, match="there is no such table"):
            cad.fetched(2)
        cad.do("alter table gone rename to calls")
        assert cad.ids(3) == ["a", "b", "c"]

    def test_the_same_night_is_the_same_fetch(self, cad: Cad) -> None:
        cad.call("a", "2026-03-08")
        before = cad.fetched(0)
        cad.call("b", "2026-03-08")
        assert cad.fetched(0) == before

    def test_another_select_reads_everything_anew(self, cad: Cad) -> None:
        cad.call("a", "2026-03-01"), cad.call("b", "2026-03-09")
        cad.ids(0)
        cad.select += " where true"
        assert cad.ids(1) == ["a", "b"]

    def test_a_folder_of_several_logs(self, cad: Cad) -> None:
        cad.call("a", "2026-03-01")
        folder = cad.folder / "system"
        folder.mkdir()
        (folder / "connection.yaml").write_text(
            yaml.safe_dump({"force": "norfolk", "connection": {"sql": cad.wanted().url}})
        )
        for log, query in {
            "calls": "table: calls",
            "messages": "select: select call_id as message_id from calls",
        }.items():
            (folder / f"{log}.sql").write_text(f"/*---\nlog: {log}\nquery: {{{query}}}\n---*/\nselect * from raw\n")
        wanted = replace(cad.wanted(), sources=described("system", [cad.folder]))
        fetch(wanted, cad.said.append)
        assert [pq.read_table(wanted.file(log)).num_rows for log in ("calls", "messages")] == [1, 1]
        (folder / "calls.sql").write_text("/*---\nlog: calls\nformat: csv\nquery: {table: calls}\n---*/\nselect 1")
        with pytest.raises(UsageError, match="format is csv"):
            described("system", [cad.folder])

    def test_nothing_new_is_an_empty_file_with_its_columns(self, cad: Cad) -> None:
        assert cad.fetched(0) == []
        cad.call("a", "2026-03-10")
        assert cad.ids(1) == ["a"]

    def test_since(self, cad: Cad) -> None:
        cad.query["since"] = "2026-03-05"
        cad.call("old", "2026-03-04"), cad.call("new", "2026-03-05")
        assert cad.ids(0) == ["new"]
        cad.query["since"] = "last week"
        with pytest.raises(UsageError, match="since is 'last week'"):
            cad.fetched(1)

    def test_a_row_without_a_watermark_would_never_be_read(self, cad: Cad) -> None:
        cad.call("a", "2026-03-08")
        cad.do("update calls set changed_at = null")
        cad.call("b", "2026-03-08")
        with pytest.raises(NotFitError, match="a row has no changed_at"):
            cad.fetched(0)

    def test_numbers_count_too(self, cad: Cad) -> None:
        cad.do(
            "create table numbered "
            "(call_id text, line text, kind text, received_at text, answered_at text, seq numeric)"
        )
        for number in range(1, 8):
            cad.do(f"insert into numbered values ('n{number}', '999', 'public', '2026-03-01', null, {number})")
        cad.query = {"table": "numbered", "watermark": "SEQ", "overlap": 2}
        assert len(cad.ids(0)) == 7
        cad.do("insert into numbered values ('n8', '999', 'public', '2026-03-01', null, 8)")
        assert cad.ids(1) == ["n5", "n6", "n7", "n8"]
        cad.do("delete from numbered where seq > 5")
        with pytest.raises(NotFitError, match="its newest seq is 5: it went back in time"):
            cad.fetched(2)


class TestBackInTime:
    def test_an_older_watermark_than_before_is_refused(self, cad: Cad) -> None:
        cad.call("a", "2026-03-08"), cad.call("b", "2026-03-09")
        cad.ids(0)
        cad.do("delete from calls where call_id = 'b'")
        with pytest.raises(NotFitError, match=r"changed_at is 2026-03-08 10:00:00\+00:00: it went back in time|T10:00"):
            cad.fetched(1)
        cad.do("delete from calls")
        with pytest.raises(NotFitError, match="it is empty, and had rows"):
            cad.fetched(2)
        cad.call("c", "2026-03-12")
        assert cad.ids(3) == ["c"], "once it is ahead again it goes on"

    def test_a_snapshot_with_a_watermark_is_read_whole_and_goes_forward_only(self, cad: Cad) -> None:
        cad.front["delivers"] = "snapshot"
        cad.call("a", "2026-03-08"), cad.call("b", "2026-03-09")
        assert cad.ids(0) == ["a", "b"]
        cad.do("delete from calls where call_id = 'a'")
        assert cad.ids(1) == ["b"], "a row that is gone was withdrawn"
        cad.do("update calls set changed_at = '2026-03-07 10:00:00+00:00'")
        with pytest.raises(NotFitError, match="went back in time"):
            cad.fetched(2)

    def test_a_snapshot_that_is_being_filled_anew(self, cad: Cad) -> None:
        cad.front["delivers"], cad.query = "snapshot", {"table": "calls"}
        for number in range(4):
            cad.call(f"c{number}", "2026-03-08")
        cad.ids(0)
        cad.do("delete from calls where call_id > 'c0'")
        with pytest.raises(NotFitError, match="1 rows, of 4 before"):
            cad.fetched(1)
        cad.front["expected"] = {"min_rows": 1}
        assert cad.ids(1) == ["c0"]
        cad.call("c1", "2026-03-08")
        del cad.front["expected"]
        assert cad.ids(2) == ["c0", "c1"]


class TestWhatIsRead:
    def test_only_the_columns_the_select_names(self, cad: Cad) -> None:
        cad.call("a", "2026-03-08")
        assert set(cad.fetched(0)[0]) == {"call_id", "line", "kind", "received_at", "answered_at", "changed_at"}
        assert not any(b"Person" in path.read_bytes() for path in cad.folder.rglob("fetched/**/*") if path.is_file())

    def test_a_select_of_its_own(self, cad: Cad) -> None:
        cad.call("a", "2026-03-08"), cad.call("b", "2026-03-08", line="101")
        cad.query = {
            "select": "with x as (select *, ':not_a_parameter' as t from calls where line like '9%' and received_at is "
            "not null) select call_id, line, kind, received_at, answered_at, changed_at from x",
            "watermark": "changed_at",
        }
        assert cad.ids(0) == ["a"]

    def test_a_column_that_changed_its_name(self, cad: Cad) -> None:
        cad.call("a", "2026-03-08")
        cad.ids(0)
        cad.do("alter table calls rename column changed_at to altered_at")
        with pytest.raises(NotFitError, match="no column changed_at"):
            cad.fetched(1)

    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ({"table": "nowhere"}, "there is no such table"),
            ({"select": "select nonesuch from calls"}, "is not there"),
            ({"select": "select count( from calls)"}, "is not understood|is not there"),
        ],
    )
    def test_a_query_that_is_wrong(self, cad: Cad, query: dict[str, str], said: str) -> None:
        cad.query = query
        with pytest.raises((UsageError, NotFitError, NotAnsweringError), match=said) as refused:
            cad.fetched(0)
        assert "\n" not in str(refused.value)

    def test_two_columns_of_one_name(self, postgres_cad: Cad) -> None:
        postgres_cad.query = {"select": 'select 1 as a, 2 as "A"'}
        with pytest.raises(NotFitError, match="two of its columns have one name"):
            postgres_cad.fetched(0)

    def test_its_file_is_as_old_as_its_newest_row(self, cad: Cad) -> None:
        cad.call("a", "2026-03-08")
        cad.fetched(0)
        made = cad.wanted(0).file("calls").stat().st_mtime
        assert datetime.fromtimestamp(made, UTC) == datetime(2026, 3, 8, 10, tzinfo=UTC)


class TestReadOnly:
    def test_a_function_that_writes(self, postgres_cad: Cad) -> None:
        postgres_cad.create()
        postgres_cad.do(
            "create function spoil() returns text language sql as "
            "$$ insert into calls (call_id) values ('spoilt') returning call_id $$"
        )
        postgres_cad.query = {"select": "select spoil() as call_id"}
        with pytest.raises(UsageError, match="the query writes"):
            postgres_cad.fetched(0)
        with postgres_cad.engine.connect() as conn:
            assert conn.execute(sa.text("select count(*) from calls")).scalar() == 0

    def test_a_sqlite_file_that_is_not_there_is_not_made(self, tmp_path) -> None:  # type: ignore[no-untyped-def]
        cad = Cad(f"sqlite:///{tmp_path / 'nowhere.sqlite'}", tmp_path)
        with pytest.raises(UsageError, match="there is no such file"):
            cad.fetched(0)
        assert not (tmp_path / "nowhere.sqlite").exists()


class TestSlowAndCutOff:
    def test_a_line_that_is_cut_goes_on_where_it_stopped(
        self, postgres_cad: Cad, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        postgres_cad.create()
        postgres_cad.do(
            "insert into calls select 'c' || n, '999', 'public', null, now(), now(), "
            "timestamptz '2026-03-01 00:00Z' + n / 3 * interval '1 second' from generate_series(1, 60000) n"
        )
        monkeypatch.setattr(parts, "PART_ROWS", 5_000)
        monkeypatch.setattr(relation, "ROWS_AT_ONCE", 1_000)
        added = parts.Parts.add
        cuts = iter([15_000, 40_000])

        def cut(self: parts.Parts, *arguments: object) -> None:
            added(self, *arguments)  # type: ignore[arg-type]
            if self.rows >= self.cut_at:  # type: ignore[attr-defined]
                postgres_cad.do(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid()"
                )

        parts.Parts.cut_at = next(cuts)  # type: ignore[attr-defined]
        monkeypatch.setattr(parts.Parts, "add", cut)

        def sleep(_: float) -> None:
            parts.Parts.cut_at = next(cuts, 10**9)  # type: ignore[attr-defined]

        wanted = postgres_cad.wanted(0)
        fetch(wanted, postgres_cad.said.append, sleep=sleep)
        found = pq.read_table(wanted.file("calls"))["call_id"].to_pylist()
        assert sorted(found) == sorted(f"c{n}" for n in range(1, 60_001)), "each row once"
        assert sum("goes on after changed_at" in said for said in postgres_cad.said) == 2, postgres_cad.said
        assert {path.name for path in wanted.folder.iterdir()} == {"calls.parquet", MANIFEST, ".lock"}

    @pytest.mark.parametrize("killed_in", ["add", "_end", "join"])
    @pytest.mark.parametrize("watermark", ["changed_at", ""])
    def test_a_process_that_is_killed(
        self, cad: Cad, killed_in: str, watermark: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cad.query["watermark"] = watermark
        monkeypatch.setattr(parts, "PART_ROWS", 2)
        monkeypatch.setattr(relation, "ROWS_AT_ONCE", 2)
        for number in range(9):
            cad.call(f"c{number}", f"2026-03-0{1 + number // 2}")
        calls = 0
        as_it_is = getattr(parts.Parts, killed_in)

        def killed(self: parts.Parts, *arguments: object) -> None:
            nonlocal calls
            calls += 1
            as_it_is(self, *arguments)
            if calls == (1 if killed_in == "join" else 2) or (killed_in, watermark) == ("_end", ""):
                raise KeyboardInterrupt

        with monkeypatch.context() as context, pytest.raises(KeyboardInterrupt):
            context.setattr(parts.Parts, killed_in, killed)
            cad.fetched(0)
        assert cad.ids(0) == [f"c{n}" for n in range(9)], "each row once"

    def test_a_statement_that_takes_too_long(self, postgres_cad: Cad) -> None:
        postgres_cad.query = {"select": "select pg_sleep(20)::text as call_id"}
        postgres_cad.connection = {"statement_seconds": 0.3}
        began = time.monotonic()
        with pytest.raises(NotAnsweringError, match="it took too long"):
            postgres_cad.fetched(0)
        assert time.monotonic() - began < 10
        assert not (postgres_cad.wanted(0).folder / MANIFEST).exists()

    def test_all_together_takes_too_long(self, postgres_cad: Cad) -> None:
        postgres_cad.query = {"select": "select pg_sleep(20)::text as call_id"}
        postgres_cad.connection = {"whole_seconds": 0.5}
        with pytest.raises(NotAnsweringError, match=r"not all of it came in 0\.5 seconds"):
            postgres_cad.fetched(0)

    def test_a_line_that_goes_silent(self, postgres_cad: Cad) -> None:
        postgres_cad.create()
        postgres_cad.do(
            "insert into calls select 'c' || n, '999', 'public', null, now(), now(), now() "
            "from generate_series(1, 50000) n"
        )
        socket_folder = make_url(postgres_cad.url).query["host"]
        with SilentAfter(200_000, f"{socket_folder}/.s.PGSQL.5432") as port:
            own = make_url(postgres_cad.url)
            postgres_cad.url = own.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)
            postgres_cad.connection = {"statement_seconds": 1, "connect_seconds": 1}
            postgres_cad.query = {"table": "calls"}
            began = time.monotonic()
            with pytest.raises(NotAnsweringError, match="no answer"):
                postgres_cad.fetched(0)
        assert time.monotonic() - began < 30
        assert not (postgres_cad.wanted(0).folder / MANIFEST).exists()


class SilentAfter:
    """A line to a database that lets so many bytes of answers pass, and then nothing, without ending."""

    def __init__(self, most: int, target: str) -> None:
        self._most, self._target = most, target

    def __enter__(self) -> int:
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return int(self._listener.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            threading.Thread(target=self._pass, args=(near, far, 1 << 60), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, self._most), daemon=True).start()

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket, most: int) -> None:
        with suppress(OSError):
            while most > 0 and (block := source.recv(65_536)):
                target.sendall(block)
                most -= len(block)
