"""A command that only reads starts at once: what it does not need it does not import. No time is asserted."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from dags.cli import COMMANDS, application, pledge

# What takes long to import, and what only a night, a page or a chart needs.
HEAVY = ("airflow", "altair", "great_expectations", "holidays", "matplotlib", "scipy", "slack_sdk", "vl_convert")
# Reading the store needs neither the lake nor what counts.
LAKE = ("deltalake", "duckdb", "numpy", "pandas", "pyarrow")
# Which files a measure reads Delta lists by itself; only a night signs.
COUNTING = ("cryptography", "numpy", "pandas", "pyarrow")
# A store on SQLite that is up to date needs neither Alembic nor PostgreSQL's drivers.
STORE = ("alembic", "asyncpg", "psycopg", "sqlalchemy.dialects.postgresql")

_RUN = """
import sys
from dags.cli import main
given = sys.argv.pop(1).split(",")
try:
    main()
except SystemExit as ended:
    assert ended.code in (0, None), ended.code
sys.stderr.write("IMPORTED " + " ".join(name for name in given if name in sys.modules))
"""
OF_THE_STORE = (
    "verdicts", "commitments", "breaches", "quarantine", "runs", "revisions", "comparisons", "alerts",
    "signings", "explanations", "budget", "funnels", "delays", "integrity", "exclusions",
)  # fmt: skip
OF_THE_LAKE = ("sql --measure answer_999", "cases --measure answer_999")


def test_every_command_is_found_where_it_stands() -> None:
    """A command that is called comes with the module said to hold it, and with no other."""
    for module, commands in COMMANDS.items():
        alone = typer.Typer()
        alone.callback()(pledge)
        import_module(f"dags.{module}").register(alone)
        assert set(_names(alone)) == set(commands.split()), module
    every = _names(application())
    assert len(every) == len(set(every)) == sum(len(commands.split()) for commands in COMMANDS.values())
    assert _names(application("nobody")) == every


def _names(app: typer.Typer) -> list[str]:
    command = typer.main.get_command(app)
    assert isinstance(command, typer.core.TyperGroup)
    return list(command.commands)


def test_a_command_brings_no_other_module(place: list[str]) -> None:
    others = tuple(f"dags.{module}" for module in COMMANDS if module != "cli_tables")
    assert _imported("runs", (*others, "tabulate"), place) == ""


def _imported(command: str, of: tuple[str, ...], place: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _RUN, ",".join(of), *command.split(), *place],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "IMPORTED" in done.stderr, done.stderr[-2000:]
    return done.stderr.rpartition("IMPORTED")[2].strip()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The lake and store of a small night."""
    folder = tmp_path_factory.mktemp("light")
    (folder / "in").mkdir()
    header = "call_id,force,line,kind,received_at,answered_at,abandoned_at,ended_at"
    row = "c1,norfolk,999,public,2026-03-01T10:00:00Z,2026-03-01T10:00:05Z,,2026-03-01T10:05:00Z"
    (folder / "in" / "calls.csv").write_text(f"{header}\n{row}\n", "utf-8")
    where = ["--lake", str(folder / "lake"), "--store", f"sqlite:///{folder}/pledge.sqlite"]
    pledge = str(Path(sys.executable).with_name("pledge"))
    night = [pledge, "run", "--input", str(folder / "in"), "--as-at", "2026-03-03T06:00:00Z", *where]
    subprocess.run(night, check=True, capture_output=True, timeout=600)
    return where


@pytest.mark.parametrize("command", OF_THE_STORE)
def test_what_reads_the_store_imports_nothing_else(command: str, place: list[str]) -> None:
    assert _imported(command, (*HEAVY, *LAKE, *STORE), place) == ""


@pytest.mark.parametrize("command", OF_THE_LAKE)
def test_what_reads_the_lake_imports_nothing_heavy(command: str, place: list[str]) -> None:
    assert _imported(command, (*HEAVY, *STORE, *COUNTING), place) == ""


@pytest.mark.parametrize("command", ["settings", "standards list", "--help"])
def test_what_reads_neither_imports_no_database_and_no_lake(command: str) -> None:
    assert _imported(command, (*HEAVY, *LAKE, "sqlalchemy"), []) == ""
