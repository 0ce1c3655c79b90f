"""Which code is running: the commit where the files are the commit's, else what the files themselves say."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from dags import versions
from dags.cli import main


def forget() -> None:
    versions.code_hash.cache_clear()
    versions.code_version.cache_clear()


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    forget()
    yield
    forget()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "checks/judge.sql": "select 1",
        "dags/steps.py": "pass",
        "README.md": "read me",
        "requirements.lock": "duckdb==2.0",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def committed(root: Path) -> str:
    for command in ("init -q", "add -A", "-c user.name=a -c user.email=a@b commit -q -m one"):
        subprocess.run(["git", *command.split()], cwd=root, check=True)
    said = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=root, check=True, capture_output=True)
    return said.stdout.decode().strip()


def again(root: Path) -> tuple[str, str]:
    forget()
    return versions.code_version(root), versions.code_hash(root)


def test_a_commit_names_the_code_as_long_as_the_files_are_its_own(root: Path) -> None:
    commit = committed(root)
    assert versions.code_version(root).endswith(f"+{commit}")


def test_edited_code_is_not_told_as_the_commit_it_came_from(root: Path) -> None:
    commit = committed(root)
    (root / "checks" / "judge.sql").write_text("select 2", "utf-8")
    said, content = again(root)
    assert commit not in said
    assert said.endswith(f"+sha256.{content[:12]}")


def test_code_without_a_repository_is_told_by_its_files(root: Path) -> None:
    before = again(root)
    assert before[0].endswith(f"+sha256.{before[1][:12]}")
    (root / "checks" / "new.sql").write_text("select 3", "utf-8")
    assert again(root) != before


@pytest.mark.parametrize(
    ("name", "decides"), [("README.md", False), ("requirements.lock", True), ("dags/steps.py", True)]
)
def test_only_what_may_decide_a_figure_is_in_the_hash(root: Path, name: str, decides: bool) -> None:
    before = again(root)[1]
    (root / name).write_text("changed", "utf-8")
    assert (again(root)[1] != before) is decides


def test_moving_text_between_two_files_is_a_change(root: Path) -> None:
    before = again(root)[1]
    one, other = root / "checks" / "judge.sql", root / "dags" / "steps.py"
    one_text, other_text = one.read_text("utf-8"), other.read_text("utf-8")
    one.write_text(other_text, "utf-8")
    other.write_text(one_text, "utf-8")
    assert again(root)[1] != before


def test_the_command_says_which_code_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with patch("sys.argv", ["pledge", "--version"]), pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == versions.code_version()
