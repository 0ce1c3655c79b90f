"""The README's commands, as a newcomer would type them."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from tests.journey.pledge import Pledge, run_here

README = Path(__file__).parents[2] / "README.md"
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
