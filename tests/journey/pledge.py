"""The product as its users run it: the `pledge` command on a folder of its own, in this process or as another."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from deltalake import DeltaTable
from sqlalchemy import create_engine, inspect, text

from dags.cli import main

Row = dict[str, Any]
COMMAND = str(Path(sys.executable).with_name("pledge"))


@dataclass(frozen=True)
class Said:
    """What a command left: exit code, standard output as bytes, standard error as text."""

    code: int
    out: bytes
    err: str

    @property
    def rows(self) -> list[Row]:
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The last line on standard error, which is all a failed command says."""
        return self.err.strip().splitlines()[-1]


class Pledge:
    """`pledge` with a lake, a store and an input folder below one folder."""

    def __init__(self, folder: Path, store: str = "") -> None:
        self.folder = folder
        self.input = folder / "logs"
        self.lake = folder / "lake"
        self.store = store or f"sqlite:///{folder / 'pledge.sqlite'}"
        self.input.mkdir(parents=True, exist_ok=True)

    @property
    def places(self) -> list[str]:
        return ["--lake", str(self.lake), "--store", self.store]

    def __call__(self, *arguments: str) -> Said:
        """Run a command that knows lake and store, in this process."""
        return run_here(*arguments, *self.places)

    def run(self, as_at: str, *more: str) -> Said:
        """One night on the input folder; the answer is JSON."""
        return self("run", "--input", str(self.input), "--as-at", as_at, "--format", "json", *more)

    def rows(self, *arguments: str) -> list[Row]:
        """What a reading command answers, as JSON."""
        said = self(*arguments, "--format", "json")
        assert said.code == 0, said.err
        return said.rows

    def figure(self, measure: str, period: str, start: str, **where: str) -> Row:
        """The one current figure of a measure; of norfolk as a whole, unless said otherwise."""
        level = {"force": "norfolk", "area": "", "neighbourhood": "", **where}
        rows = self.rows("verdicts", "--measure", measure, "--from", start, "--to", start)
        return one(row for row in rows if row["period"] == period and level.items() <= row.items())

    def states(self, measure: str) -> dict[str, str]:
        return {row["case_id"]: row["state"] for row in self.rows("cases", "--measure", measure)}

    def tables(self) -> dict[str, list[Row]]:
        """Every table of the store, row by row as it is kept."""
        engine = create_engine(self.store)
        with engine.connect() as conn:
            names = [name for name in inspect(conn).get_table_names() if name != "alembic_version"]
            found = {name: [dict(r) for r in conn.execute(text(f"SELECT * FROM {name}")).mappings()] for name in names}
        engine.dispose()
        return {name: sorted(rows, key=lambda row: json.dumps(row, default=str)) for name, rows in found.items()}

    def versions(self) -> dict[str, int]:
        """The Delta version of every table in the lake."""
        return {path.name: DeltaTable(str(path)).version() for path in sorted(self.lake.iterdir())}


def one(rows: Any) -> Row:
    found = list(rows)
    assert len(found) == 1, found
    return found[0]


def run_here(*arguments: str) -> Said:
    """`pledge` with these arguments through its entry point, without starting a process."""
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with patch.object(sys, "argv", ["pledge", *arguments]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
            code = 0
        except SystemExit as stopped:
            code = stopped.code if isinstance(stopped.code, int) else 0
    out.flush()
    return Said(code, out.buffer.getvalue(), err.getvalue())  # type: ignore[attr-defined]


def run_there(*arguments: str, cwd: Path | None = None) -> Said:
    """Run `pledge` as a process of its own, to its end."""
    done = subprocess.run([COMMAND, *arguments], cwd=cwd, capture_output=True, timeout=120)
    return Said(done.returncode, done.stdout, done.stderr.decode())
