"""A store migrates by itself, up and down, on either database, in several processes at once."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from checks.errors import UsageError
from connectors.store.engine import open_store, reading
from connectors.store.migrations import HEAD, configuration, current_revision, downgrade, upgrade
from connectors.store.tables import metadata

VIEWS = {"current_verdicts", "restatements", "open_breaches", "comparison", "exclusion_ledger", "revision_triangle"}


def test_the_newest_revision_is_the_one_named() -> None:
    assert ScriptDirectory.from_config(configuration()).get_current_head() == HEAD


def test_up_and_down_and_up_again(store_url: str) -> None:
    engine = open_store(store_url)
    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    assert set(inspect(engine).get_view_names()) == VIEWS
    for revision in (
        "0013",
        "0012",
        "0011",
        "0010",
        "0009",
        "0008",
        "0007",
        "0006",
        "0005",
        "0004",
        "0003",
        "0002",
        "0001",
        "base",
    ):
        downgrade(engine, revision)
    assert inspect(engine).get_table_names() == ["alembic_version"]
    assert inspect(engine).get_view_names() == []
    upgrade(engine)
    with reading(engine) as conn:
        assert current_revision(conn) == HEAD
        for view in VIEWS:
            assert conn.execute(text(f"SELECT * FROM {view}")).all() == []


def test_migrated_tables_are_the_declared_ones(store_url: str) -> None:
    with open_store(store_url).connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata) == []


def test_migrated_keys_checks_and_formulas_are_the_declared_ones(store_url: str, tmp_path: Path) -> None:
    """What Alembic does not compare."""
    migrated = open_store(store_url)
    declared = create_engine(store_url if "postgres" in store_url else f"sqlite:///{tmp_path / 'declared.sqlite'}")
    found = _shape(migrated)
    if "postgres" in store_url:
        downgrade(migrated)
    metadata.create_all(declared)
    assert found == _shape(declared)


def test_figures_outlive_the_rebuilding_of_their_table(store_url: str) -> None:
    engine = open_store(store_url)
    downgrade(engine, "0003")
    with engine.begin() as conn:
        conn.execute(
            text(
                "INSERT INTO runs (run_id, run_number, as_at, started_at, standards, status) "
                "VALUES ('r1', 1, '2026-03-30T04:00:00Z', '2026-03-30T04:00:00Z', '', 'done')"
            )
        )
        for measure, counts in (("answer_999", "90, 10, 0, 90, 100"), ("abstraction", "0, 0, 2, 36000, 360000")):
            conn.execute(
                text(
                    "INSERT INTO verdicts (run_id, run_number, commitment, measure, period, period_start, verdict, "
                    "signal, met, missed, timed, numerator, denominator) "
                    f"VALUES ('r1', 1, 3, '{measure}', 'month', '2026-03-01', 'kept', 'old', {counts})"
                )
            )
    said = "SELECT measure, numerator, signal, rate, rate_low IS NULL FROM verdicts ORDER BY measure"
    with engine.connect() as conn:
        assert next(tuple(row) for row in conn.execute(text(said))) == ("abstraction", 36000, "old", 0.1, False)
    upgrade(engine)
    with engine.connect() as conn:
        assert [tuple(row) for row in conn.execute(text(said))] == [
            ("abstraction", 36000, "old", 0.1, True),
            ("answer_999", 90, "old", 0.9, False),
        ]
        assert conn.execute(text("SELECT assurance, trial FROM current_verdicts")).all() == [("", False)] * 2
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as conn:
        conn.execute(text("DELETE FROM verdicts"))
    downgrade(engine, "0003")
    with engine.connect() as conn:
        assert len(conn.execute(text(said)).all()) == 2


def _shape(engine: object) -> dict[str, object]:
    found = inspect(engine)
    return {
        table: (
            found.get_pk_constraint(table)["constrained_columns"],
            sorted((check["name"], check["sqltext"]) for check in found.get_check_constraints(table)),
            sorted((c["constrained_columns"][0], c["referred_table"]) for c in found.get_foreign_keys(table)),
            [(c["name"], str(c["default"]), c.get("computed"), c["nullable"]) for c in found.get_columns(table)],
        )
        for table in metadata.tables
    }


def _open(url: str) -> str:
    with reading(open_store(url)) as conn:
        return current_revision(conn)


def test_many_processes_open_an_empty_store_at_once(store_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert pool.map(_open, [store_url] * 8, chunksize=1) == [HEAD] * 8


def test_an_up_to_date_store_opens_without_importing_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'pledge.sqlite'}"
    open_store(url)
    code = (
        "import sys; from connectors.store.engine import open_store; "
        f"open_store({url!r}); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_store_of_a_newer_version_is_refused(store_url: str) -> None:
    engine = open_store(store_url)
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match="revision 9999 of a newer version"):
        open_store(store_url)


def test_a_failed_migration_leaves_nothing_behind(store_url: str) -> None:
    engine = open_store(store_url)
    downgrade(engine)
    with engine.begin() as conn:
        conn.execute(text("CREATE TABLE quarantine (mine integer)"))
    with pytest.raises(UsageError, match="other tables of the same names"):
        open_store(store_url)
    assert set(inspect(engine).get_table_names()) == {"alembic_version", "quarantine"}
