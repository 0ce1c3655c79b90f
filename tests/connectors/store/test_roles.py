"""PostgreSQL's roles, probed one by one: nobody sees or changes what is not theirs, whatever SQL they write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, create_engine, insert, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from checks.errors import UsageError
from connectors.store import members, roles
from connectors.store.accesses import add_access, known_as
from connectors.store.engine import open_store, reading
from connectors.store.migrations import HEAD, downgrade, upgrade
from connectors.store.tables import metadata
from tests.conftest import Logins
from tests.connectors.store.test_append_only import ROWS

NOW = datetime(2026, 3, 30, tzinfo=UTC)
FORCES = ("norfolk", "suffolk", "all", "")
MADE_UP = ROWS | {
    "cases": {
        "standard": "s", "measure": "m", "case_id": "c", "state": "missed", "first_run": "r1",
        "last_changed_run": "r1",
    },
    "breaches": {"breach_id": "b", "standard": "s", "measure": "m", "case_id": "c", "opened_run": "r1"},
    "announcements": {
        "announcement_id": "a", "key": "k", "kind": "first_miss", "state": "sent", "payload": "{}", "created_at": NOW,
    },
    "at_risk": {"measure": "m", "case_id": "c", "due_at": NOW, "listed_at": NOW},
    "definition_counts": {"standard": "s", "measure": "m", "as_at": NOW},
}  # fmt: skip
TABLES = sorted(metadata.tables)
VIEWS = ("comparison", "current_verdicts", "exclusion_ledger", "open_breaches", "restatements", "revision_triangle")

# What is allowed, said here a second time, on purpose.
FOR_READERS = {
    "runs", "deliveries", "expectation_results", "verdicts", "commitments", "sensitivity", "delays", "comparisons",
    "funnels", "alert_health", "role_forces",
}  # fmt: skip
IN_PART = {"integrity_signals"}
OF_NO_FORCE = {"runs", "role_forces"}
MAY_CHANGE = {
    "runs": {
        "status", "finished_at", "input_key", "figures_hash", "previous_hash", "hash", "manifest", "signature",
        "public_key",
    },
    "cases": {
        "area", "neighbourhood", "state", "reason", "clock_started_at", "limit_seconds", "due_at", "clock_stopped_at",
        "elapsed_seconds", "local_day", "last_changed_run",
    },
    "explanations": {"text"},
    "breaches": {
        "area", "neighbourhood", "due_at", "elapsed_seconds", "severity", "status", "closed_run", "local_day",
    },
    "announcements": {
        "state", "payload", "slack_ts", "attempts", "last_error", "claimed_at", "sent_at", "resolved_at", "edit_due",
    },
    "at_risk": {"outcome", "settled_at"},
    "integrity_signals": {"cases"},
}  # fmt: skip
MAY_DELETE = {"at_risk", "breaches", "cases", "definition_counts", "quarantine"}
DENIED, APPEND_ONLY = "42501", "P0001"
COPIES_NO_ROWS = "0A000"
"""COPY FROM is not to be had where there is row-level security."""


@dataclass(frozen=True)
class Database:
    logins: Logins
    owner: Engine
    by: dict[str, Engine]
    named: dict[str, str]


@pytest.fixture(scope="module")
def database(shared_logins: Logins) -> Iterator[Database]:
    """Every table with a row of each force, and a login of each kind."""
    logins = shared_logins
    owner = open_store(logins.url(logins.owner))
    with owner.begin() as conn:
        roles.lay_out(conn)
        for name, row in MADE_UP.items():
            if name != "role_forces":
                conn.execute(insert(metadata.tables[name]), list(_of_each_force(name, row)))
    named = {kind: logins.add(kind) for kind in ("norfolk", "nobody", "everywhere", "auditor", "writer", "stranger")}
    named["desk"] = logins.add("desk", "NOLOGIN")
    named["member"] = logins.add("member", f"LOGIN IN ROLE {named['desk']}")
    given = {
        "norfolk": (roles.READER, ["norfolk"]), "nobody": (roles.READER, []), "everywhere": (roles.READER, ["*"]),
        "desk": (roles.READER, ["suffolk", "all"]), "auditor": (roles.AUDITOR, []), "writer": (roles.WRITER, []),
    }  # fmt: skip
    with owner.begin() as conn:
        for kind, (role, forces) in given.items():
            members.add(conn, named[kind], role, forces, "dba", NOW)
    by = {
        kind: create_engine(logins.url(name), poolclass=NullPool) for kind, name in named.items() if kind != "desk"
    }  # fmt: skip
    yield Database(logins, owner, by, named)
    for engine in (owner, *by.values()):
        engine.dispose()


def _of_each_force(name: str, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One row for each force, told apart by whatever the table's key is; one of a table without a force."""
    table = metadata.tables[name]
    if name == "funnels":
        for force in FORCES:
            yield row | {"level": "force", "unit": force}
        yield row | {"level": "neighbourhood", "within": "norfolk", "unit": "N1"}
        yield row | {"level": "neighbourhood", "within": "suffolk", "unit": "S1"}
    elif "force" not in table.c:
        yield row
    else:
        own = {"deliveries": "delivery_id", "breaches": "breach_id", "announcements": "announcement_id"}
        for number, force in enumerate(FORCES):
            told = {own[name]: f"{row[own[name]]}{number or ''}"} if name in own else {}
            told |= {"key": f"k{number}"} if name == "announcements" else {}
            told |= {"breach_id": f"b{number}"} if name in ("explanations", "acknowledgements") else {}
            yield row | told | {"force": force}


def refused(engine: Engine, statement: str, *before: str) -> str:
    """The SQLSTATE a statement ends with, '' where it is carried out; nothing stays."""
    with engine.connect() as conn:
        for each in before:
            conn.exec_driver_sql(each)
        try:
            conn.exec_driver_sql(statement)
        except DBAPIError as error:
            return str(getattr(error.orig, "sqlstate", ""))
        finally:
            conn.rollback()
    return ""


def forces_in(engine: Engine, table: str) -> set[str]:
    column = "CASE level WHEN 'force' THEN unit ELSE within END" if table == "funnels" else "force"
    with reading(engine) as conn:
        return {row[0] for row in conn.execute(text(f"SELECT {column} FROM {table}"))}


def test_every_table_has_a_row_to_see(database: Database) -> None:
    with reading(database.owner) as conn:
        for name in TABLES:
            assert conn.execute(select(metadata.tables[name]).limit(1)).first(), name


@pytest.mark.parametrize("name", TABLES)
def test_what_a_reader_sees(database: Database, name: str) -> None:
    for kind in ("norfolk", "nobody", "everywhere", "member"):
        allowed = "" if name in FOR_READERS else DENIED
        assert refused(database.by[kind], f"SELECT * FROM {name}") == allowed, kind
        assert refused(database.by[kind], f"SELECT count(*) FROM {name}") == ("" if name in IN_PART else allowed)
    if name in FOR_READERS - OF_NO_FORCE | IN_PART:
        assert forces_in(database.by["norfolk"], name) == {"norfolk"}
        assert forces_in(database.by["nobody"], name) == set()
        assert forces_in(database.by["everywhere"], name) == set(FORCES)
        assert forces_in(database.by["member"], name) == {"suffolk", "all"}, "what its group sees"


@pytest.mark.parametrize("name", TABLES)
def test_rows_stay_closed_where_a_column_is_given_away_by_mistake(database: Database, name: str) -> None:
    """Row-level security stands by itself: a careless grant opens no other force, no case of anybody."""
    reader = database.named["norfolk"]
    with database.owner.begin() as conn:
        conn.exec_driver_sql(f"GRANT ALL ON {name} TO {reader}")
    try:
        with reading(database.by["norfolk"]) as conn:
            rows = [dict(row) for row in conn.execute(select(metadata.tables[name])).mappings()]
        if "force" in metadata.tables[name].c and name != "role_forces":
            assert {row["force"] for row in rows} == {"norfolk"}
        elif name not in OF_NO_FORCE | {"funnels"}:
            assert rows == []
        assert refused(database.by["norfolk"], f"UPDATE {name} SET {_first(name)} = {_first(name)} RETURNING 1") in (
            "",  # no row there for it to change
            DENIED,
        )
        assert refused(database.by["norfolk"], _insert(name)) == DENIED
    finally:
        with database.owner.begin() as conn:
            conn.exec_driver_sql(f"REVOKE ALL ON {name} FROM {reader}")


@pytest.mark.parametrize("name", TABLES)
def test_readers_auditors_and_strangers_change_nothing(database: Database, name: str) -> None:
    for kind in ("norfolk", "everywhere", "auditor", "stranger"):
        engine = database.by[kind]
        for statement in (*_changes(name), *_lifts(name)):
            found = (DENIED, COPIES_NO_ROWS) if statement.startswith("COPY") else (DENIED,)
            assert refused(engine, statement) in found, f"{kind}: {statement}"
    assert refused(database.by["auditor"], f"SELECT * FROM {name}") == ""
    assert refused(database.by["stranger"], f"SELECT * FROM {name}") == DENIED


@pytest.mark.parametrize("name", TABLES)
def test_the_writer_changes_what_the_product_changes(database: Database, name: str) -> None:
    engine, table = database.by["writer"], metadata.tables[name]
    assert refused(engine, f"SELECT * FROM {name}") == ""
    if "force" in table.c and name != "role_forces":
        assert forces_in(engine, name) == set(FORCES)
    assert refused(engine, _insert(name)) == (DENIED if name == "role_forces" else "23505"), "a key that is there"
    for column in table.columns:
        if column.computed is None:
            found = refused(engine, f'UPDATE {name} SET "{column.name}" = "{column.name}"')
            may = column.name in MAY_CHANGE.get(name, ())
            assert found in (("", APPEND_ONLY) if may else (DENIED,)), column.name
    assert refused(engine, f"DELETE FROM {name}") in (("", APPEND_ONLY, "23503") if name in MAY_DELETE else (DENIED,))
    for statement in _lifts(name)[:-1]:  # whoever may delete may lock
        assert refused(engine, statement) == DENIED, statement


def test_what_is_not_append_only_is_all_that_may_change() -> None:
    assert set(MAY_CHANGE) | MAY_DELETE == {
        *set(TABLES) - set(ROWS),
        "explanations",
        "integrity_signals",
        "quarantine",
        "runs",
    }


def test_append_only_holds_for_the_writer(database: Database) -> None:
    writer = database.by["writer"]
    assert refused(writer, "UPDATE runs SET hash = 'forged' WHERE status = 'done'") == APPEND_ONLY
    assert refused(writer, "DELETE FROM quarantine") == APPEND_ONLY
    assert refused(writer, "UPDATE integrity_signals SET cases = ''") == APPEND_ONLY


def _first(name: str) -> str:
    return f'"{next(iter(metadata.tables[name].c)).name}"'


def _insert(name: str) -> str:
    row = dict(next(_of_each_force(name, MADE_UP[name])))
    values = ", ".join(_literal(value) for value in row.values())
    columns = ", ".join(f'"{column}"' for column in row)
    return f"INSERT INTO {name} ({columns}) VALUES ({values})"


def _literal(value: Any) -> str:
    return str(value) if isinstance(value, bool | int) else f"'{value}'"


def _changes(name: str) -> list[str]:
    columns = [column.name for column in metadata.tables[name].columns if column.computed is None]
    return [
        _insert(name),
        f"DELETE FROM {name}",
        *(f'UPDATE {name} SET "{column}" = "{column}"' for column in columns),
        f"MERGE INTO {name} AS old USING (SELECT 1) AS new ON true WHEN MATCHED THEN DELETE",
        f"COPY {name} FROM STDIN",
    ]


def _lifts(name: str) -> list[str]:
    """What would take away a guard."""
    return [
        f"TRUNCATE {name} CASCADE",
        f"DROP TABLE {name} CASCADE",
        f"ALTER TABLE {name} DISABLE TRIGGER ALL",
        f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} ADD COLUMN mine text",
        f"ALTER TABLE {name} OWNER TO CURRENT_USER",
        f"CREATE POLICY mine ON {name} USING (true)",
        f"CREATE TRIGGER mine BEFORE INSERT ON {name} EXECUTE FUNCTION refuse_change()",
        f"CREATE RULE mine AS ON DELETE TO {name} DO INSTEAD NOTHING",
        f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE",
    ]


GUARDED = {
    "set role writer": "SET ROLE pledge_writer",
    "set role auditor": "SET ROLE pledge_auditor",
    "set role superuser": "SET ROLE postgres",
    "session authorization": "SET SESSION AUTHORIZATION postgres",
    "triggers off": "SET session_replication_role = replica",
    "bypass": "ALTER ROLE CURRENT_USER BYPASSRLS",
    "a member by itself": "GRANT pledge_auditor TO CURRENT_USER",
    "drop a trigger": "DROP TRIGGER verdicts_no_change ON verdicts",
    "drop a policy": "DROP POLICY pledge_reader ON verdicts",
    "replace the function": "CREATE OR REPLACE FUNCTION forces_seen() RETURNS text[] LANGUAGE sql RETURN ARRAY['*']",
    "replace the guard": (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    ),
    "a table of one's own": "CREATE TABLE mine (force text)",
    "a function of one's own": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
    "a schema of one's own": "CREATE SCHEMA mine",
    "read a file": "SELECT pg_read_file('PG_VERSION')",
    "run a program": "COPY (SELECT 1) TO PROGRAM 'true'",
    "the revision": "UPDATE alembic_version SET version_num = '0001'",
    "the catalogue": "UPDATE pg_class SET relrowsecurity = false",
    "a view's rights": "ALTER VIEW current_verdicts SET (security_invoker = false)",
    "a view anew": "CREATE OR REPLACE VIEW open_breaches AS SELECT 1 AS mine",
    "passwords": "SELECT rolpassword FROM pg_authid",
}


@pytest.mark.parametrize("attempt", GUARDED)
@pytest.mark.parametrize("kind", ["norfolk", "auditor", "writer", "stranger"])
def test_no_way_round(database: Database, kind: str, attempt: str) -> None:
    if (kind, attempt) in {("auditor", "set role auditor"), ("writer", "set role writer")}:
        pytest.skip("its own role")
    if (kind, attempt) == ("auditor", "a member by itself"):
        pytest.skip("it is one")
    assert refused(database.by[kind], GUARDED[attempt]) == DENIED


def test_a_reader_cannot_say_what_it_may_see(database: Database) -> None:
    """Neither by a table of the same name, nor by a setting, nor by another role it may take on."""
    reader, named = database.by["norfolk"], database.named["norfolk"]
    count = "SELECT count(*) FROM verdicts"
    mine = [
        f"CREATE TEMPORARY TABLE role_forces AS SELECT '{named}' AS login, '*' AS force, now() AS recorded_at, "
        "true AS allowed",
        "CREATE TEMPORARY TABLE pg_roles AS SELECT * FROM pg_catalog.pg_roles",
        "SET search_path = pg_temp, public",
        "CREATE FUNCTION pg_temp.forces_seen() RETURNS text[] LANGUAGE sql RETURN ARRAY['*']",
    ]
    assert _after(reader, count.replace("verdicts", "public.verdicts"), *mine) == [(1,)]
    assert _after(reader, count, "SET row_security = on") == [(1,)]
    assert refused(reader, count, "SET row_security = off") == DENIED
    assert _after(reader, count, "SET ROLE pledge_reader") == [(0,)]
    assert _after(reader, "SELECT login, force FROM role_forces") == [(named, "norfolk")]


def _after(engine: Engine, query: str, *before: str) -> list[tuple[Any, ...]]:
    with engine.connect() as conn:
        for each in before:
            conn.exec_driver_sql(each)
        rows = [tuple(row) for row in conn.exec_driver_sql(query)]
        conn.rollback()
    return rows


def test_views_ask_with_the_rights_of_who_reads_them(database: Database) -> None:
    for view in VIEWS:
        closed = view == "open_breaches"
        assert refused(database.by["norfolk"], f"SELECT * FROM {view}") == (DENIED if closed else ""), view
        assert refused(database.by["stranger"], f"SELECT * FROM {view}") == DENIED, view
        assert refused(database.by["auditor"], f"SELECT * FROM {view}") == ""
        if not closed:
            assert forces_in(database.by["norfolk"], view) <= {"norfolk"}
    for view in ("current_verdicts", "exclusion_ledger", "revision_triangle"):
        assert forces_in(database.by["norfolk"], view) == {"norfolk"}
        assert forces_in(database.by["auditor"], view) == set(FORCES)
    mine = "CREATE TEMPORARY VIEW mine WITH (security_invoker = false) AS SELECT * FROM verdicts"
    assert _after(database.by["norfolk"], "SELECT DISTINCT force FROM mine", mine) == [("norfolk",)]


def test_the_number_of_forces_compared_is_never_the_number_one_may_see(database: Database) -> None:
    """A count over rows somebody may not see would be a wrong figure."""
    figure = dict(ROWS["verdicts"]) | {"period": "month", "period_start": date(2026, 1, 1), "measure": "x"}
    funnel = dict(ROWS["funnels"]) | {"period_start": date(2026, 1, 1), "measure": "x", "denominator": 10}
    with database.owner.begin() as conn:
        for force in ("norfolk", "suffolk"):
            counted = {"force": force, "cases": 10, "met": 10, "numerator": 10, "denominator": 10}
            conn.execute(insert(metadata.tables["verdicts"]), [figure | counted])
            conn.execute(insert(metadata.tables["funnels"]), [funnel | {"unit": force, "pooled": 1.0}])
    for kind, expected in {
        "norfolk": [("norfolk", None, 1.0)],
        "everywhere": [("norfolk", 2, 1.0), ("suffolk", 2, 1.0)],
        "auditor": [("norfolk", 2, 1.0), ("suffolk", 2, 1.0)],
    }.items():
        asked = "SELECT force, forces, all_forces_rate FROM comparison WHERE measure = 'x' ORDER BY force"
        assert _after(database.by[kind], asked) == expected, kind
    assert _after(database.owner, asked) == expected


def test_no_leak_through_functions_errors_statistics_or_plans(database: Database) -> None:
    reader = make_url(database.logins.url(database.named["norfolk"]))
    heard: list[str] = []
    with psycopg.connect(host=reader.query["host"], user=reader.username, dbname=reader.database) as conn:
        conn.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
        conn.execute(
            "CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
            "$$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$"
        )
        for source in ("verdicts", "current_verdicts", "revision_triangle", "funnels"):
            column = "unit" if source == "funnels" else "force"
            conn.execute(f"SELECT count(*) FROM {source} WHERE pg_temp.tell({column})")
        assert set(heard) <= {"norfolk", "N1"}
        assert "norfolk" in heard
        with pytest.raises(psycopg.errors.InvalidTextRepresentation, match="norfolk"):
            conn.execute("SELECT 1 FROM verdicts WHERE CAST(force AS integer) = 0 ORDER BY force DESC")
    with psycopg.connect(host=reader.query["host"], user=reader.username, dbname=reader.database) as conn:
        for source in ("verdicts (force)", "(SELECT force FROM current_verdicts)"):
            with conn.cursor().copy(f"COPY {source} TO STDOUT") as copied:
                assert set(copied.rows()) == {("norfolk",)}
    with database.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("ANALYZE verdicts")
    asked = "SELECT count(*) FROM pg_stats WHERE tablename = 'verdicts'"
    assert _after(database.by["norfolk"], asked) == [(0,)]
    assert _after(database.owner, asked) != [(0,)]
    assert refused(database.by["norfolk"], "SELECT * FROM pg_statistic") == DENIED


def test_integrity_signals_are_counted_for_readers_but_name_no_record(database: Database) -> None:
    asked = 'SELECT signal, force, "count", "of" FROM integrity_signals'
    assert _after(database.by["norfolk"], asked) == [("heaping", "norfolk", 0, 0)]
    assert refused(database.by["norfolk"], "SELECT cases FROM integrity_signals") == DENIED


def test_who_audits_leaves_a_trace_in_no_other_name(database: Database) -> None:
    with database.by["auditor"].begin() as conn:
        by = known_as(conn, "A. Uditor")
        assert by == f"A. Uditor ({database.named['auditor']})"
        add_access(conn, at=NOW, by=by, command="breaches", filters=["force"], rows=3, form="table")
    with pytest.raises(DBAPIError, match="row-level security"), database.by["auditor"].begin() as conn:
        by = f"Somebody else ({database.named['writer']})"
        add_access(conn, at=NOW, by=by, command="breaches", filters=[], rows=0, form="table")


def test_a_revoked_reader_sees_nothing_at_once(database: Database) -> None:
    name = database.logins.add("leaver")
    engine = create_engine(database.logins.url(name), poolclass=NullPool)
    _change(database, lambda conn: members.add(conn, name, roles.READER, ["norfolk", "suffolk"], "dba", NOW))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        asked = text("SELECT DISTINCT force FROM verdicts ORDER BY force")
        assert conn.execute(asked).scalars().all() == ["norfolk", "suffolk"]
        later = NOW + timedelta(days=1)
        _change(database, lambda owner: members.remove(owner, name, ["suffolk"], "dba", later))
        assert conn.execute(asked).scalars().all() == ["norfolk"]
        _change(database, lambda owner: members.remove(owner, name, [], "dba", later + timedelta(days=1)))
        with pytest.raises(DBAPIError, match="permission denied"):
            conn.execute(asked)
    # Made a reader again, it sees what it is given, not what it once had.
    _change(database, lambda conn: members.add(conn, name, roles.READER, ["kent"], "dba", later + timedelta(days=2)))
    with reading(database.owner) as conn:
        assert members.seen_by(conn, name) == ["kent"]
        assert {"login": name, "role": roles.READER, "forces": "kent"} in members.listed(conn)


def test_a_new_login_of_an_old_name_inherits_nothing(database: Database) -> None:
    name = database.logins.add("again")
    _change(database, lambda conn: members.add(conn, name, roles.READER, ["norfolk", "suffolk"], "dba", NOW))
    with create_engine(database.logins.server, isolation_level="AUTOCOMMIT").connect() as conn:
        conn.exec_driver_sql(f"DROP ROLE {name}")
        conn.exec_driver_sql(f"CREATE ROLE {name} LOGIN")
    later = NOW + timedelta(days=1)
    _change(database, lambda conn: members.add(conn, name, roles.READER, ["suffolk", "kent"], "dba", later))
    with reading(database.owner) as conn:
        assert members.seen_by(conn, name) == ["kent", "suffolk"]
    assert forces_in(create_engine(database.logins.url(name), poolclass=NullPool), "verdicts") == {"suffolk"}


def _change(database: Database, do: Callable[[Connection], object]) -> None:
    with database.owner.begin() as conn:
        do(conn)


def test_a_slip_is_refused_in_a_sentence(database: Database) -> None:
    with pytest.raises(UsageError, match="the server has no such login"), database.owner.begin() as conn:
        members.add(conn, "no_such_login", roles.READER, ["norfolk"], "dba", NOW)
    with pytest.raises(UsageError, match="does not see it"), database.owner.begin() as conn:
        members.remove(conn, database.named["norfolk"], ["kent"], "dba", NOW)


def test_whose_rights(database: Database) -> None:
    found = {}
    for kind, engine in {"owner": database.owner, **database.by}.items():
        with reading(engine) as conn:
            found[kind] = members.rights_of(conn)[1:]
    assert found["owner"] == ((), True)
    assert found["writer"] == ((roles.WRITER,), False)
    assert found["member"] == ((roles.READER,), False)
    assert found["stranger"] == ((), False)


def test_laid_out_again_changes_nothing(database: Database) -> None:
    before = _laid_out(database.owner)
    with database.owner.begin() as conn:
        roles.lay_out(conn)
    assert _laid_out(database.owner) == before
    driver = make_url(database.logins.url(database.logins.owner))
    with psycopg.connect(host=driver.query["host"], user=driver.username, dbname=driver.database) as conn:
        conn.execute(roles.script())
    assert _laid_out(database.owner) == before
    assert len(before[0]) > 2 * len(TABLES)


def _laid_out(engine: Engine) -> tuple[list[Any], ...]:
    asked = (
        "SELECT tablename, policyname, roles, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2",
        "SELECT relname, relacl::text, reloptions, relrowsecurity FROM pg_class WHERE relnamespace = "
        "'public'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1",
        "SELECT attrelid::regclass, attname, attacl::text FROM pg_attribute WHERE attacl IS NOT NULL ORDER BY 1, 2",
    )
    return tuple(_after(engine, each) for each in asked)


def test_a_store_of_members_is_brought_up_to_date_by_its_owner_alone(logins: Logins) -> None:
    owner = open_store(logins.url(logins.owner))
    writer = logins.add("writer")
    with owner.begin() as conn:
        roles.lay_out(conn)
        members.add(conn, writer, roles.WRITER, [], "dba", NOW)
    assert open_store(logins.url(writer), create=False)
    downgrade(owner, "0012")
    with reading(owner) as conn:
        assert not roles.is_laid_out(conn)
    with pytest.raises(UsageError, match="Let the owner say `pledge database grant`, after `pledge database upgrade`"):
        open_store(logins.url(writer))
    upgrade(owner)
    assert refused(open_store(logins.url(logins.owner)), "SELECT forces_seen()") == ""
    # Nobody was given the tables anew: what the roles may do is said once more, by whoever went back.
    with pytest.raises(UsageError):
        open_store(logins.url(writer))
    with owner.begin() as conn:
        roles.lay_out(conn)
    with reading(open_store(logins.url(writer))) as conn:
        assert conn.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD


def test_a_newer_revision_closes_its_tables_itself(logins: Logins) -> None:
    """What an upgrade adds is given to the roles in the same transaction, and left alone where there are none."""
    owner = open_store(logins.url(logins.owner))
    with owner.begin() as conn:
        roles.lay_out(conn)
        # As if the newest revision had just made the table.
        conn.exec_driver_sql("REVOKE ALL ON verdicts FROM pledge_writer, pledge_reader, pledge_auditor")
        conn.exec_driver_sql("ALTER TABLE verdicts DISABLE ROW LEVEL SECURITY")
        from connectors.store.migrations import _close_new_tables

        _close_new_tables(conn, HEAD)
    asked = "SELECT relrowsecurity, has_table_privilege('pledge_writer', 'verdicts', 'INSERT') FROM pg_class"
    assert _after(owner, f"{asked} WHERE relname = 'verdicts'") == [(True, True)]
