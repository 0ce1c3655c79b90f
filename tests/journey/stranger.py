"""A stranger's process: DuckDB and the standard library, neither this package nor anything it needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

# No site-packages, no project: the standard library and DuckDB alone.
STRANGER = """
import importlib.util, json, sys
sys.path = [each for each in sys.path if "site-packages" not in each] + [sys.argv[1]]
assert not any(map(importlib.util.find_spec, ("checks", "dags", "connectors", "pandas", "deltalake")))
import duckdb
found = {}
for path in sys.argv[2:]:
    con = duckdb.connect()
    con.execute(open(path, encoding="utf-8").read())
    names = [column[0] for column in con.description]
    found[path] = [dict(zip(names, row)) for row in con.fetchall()]
print(json.dumps(found, default=str))
"""


def bare_duckdb(folder: Path, *scripts: Path) -> dict[str, list[dict[str, Any]]]:
    """Run SQL scripts, each on a connection of its own; by path the rows its last statement answers with."""
    return _answer(folder, STRANGER, *scripts)


# The same for programs: each is run in its own folder, what it prints and its exit code kept.
RUNNER = """
import contextlib, importlib.util, io, json, os, runpy, sys
sys.path = [each for each in sys.path if "site-packages" not in each] + [sys.argv[1]]
assert not any(map(importlib.util.find_spec, ("checks", "dags", "connectors", "pandas", "deltalake", "cryptography")))
found = {}
for path in sys.argv[2:]:
    out, code = io.StringIO(), 0
    sys.argv = [path]
    with contextlib.redirect_stdout(out):
        try:
            runpy.run_path(path)
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    found[path] = [code, out.getvalue().splitlines()]
print(json.dumps(found))
"""


def bare_python(folder: Path, *programs: Path) -> dict[str, tuple[int, list[str]]]:
    """Run Python programs one after the other; by path its exit code and the lines it printed."""
    return _answer(folder, RUNNER, *programs)


def _answer(folder: Path, program: str, *paths: Path) -> Any:
    site = folder / "only_duckdb"
    site.mkdir(exist_ok=True)
    for package in Path(duckdb.__file__).parents[1].glob("*duckdb*"):
        if not (site / package.name).exists():
            (site / package.name).symlink_to(package)
    command = [sys.executable, "-I", "-S", "-c", program, str(site), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
