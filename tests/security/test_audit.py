"""`make audit`: what it makes of pip-audit's answers, and of none."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "audit.py"
_spec = importlib.util.spec_from_file_location("audit", SCRIPT)
assert _spec and _spec.loader
audit = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(audit)

DAY = date(2026, 6, 1)
VULNERABLE = {"name": "example", "version": "1.0", "vulns": [
    {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["1.1"], "description": "x"},
]}  # fmt: skip
SOUND = {"name": "other", "version": "2.0", "vulns": []}
ACCEPTED = {"id": "CVE-2026-1", "package": "example", "reason": "Never called.", "until": DAY}


def said(packages: list[dict[str, Any]], accepted: list[dict[str, Any]] | None = None) -> tuple[list[str], int]:
    return audit.verdict(json.dumps({"dependencies": packages, "fixes": []}), "", accepted or [], DAY)


def test_nothing_is_known_of_any_package() -> None:
    assert said([SOUND, SOUND]) == (["2 of 2 packages audited."], 0)


def test_a_vulnerability_fails_unless_it_is_accepted_for_now() -> None:
    lines, code = said([SOUND, VULNERABLE])
    assert code == 1 and lines[1] == "example 1.0: PYSEC-2026-1, mended in ['1.1']"
    lines, code = said([VULNERABLE], [ACCEPTED])
    assert code == 0 and lines[1].endswith("accepted until 2026-06-01: Never called.")
    assert said([VULNERABLE], [{**ACCEPTED, "until": date(2026, 5, 31)}])[1] == 1
    assert said([VULNERABLE], [{**ACCEPTED, "package": "other"}])[1] == 1


@pytest.mark.parametrize("lacking", ["id", "package", "reason", "until"])
def test_what_is_accepted_has_a_reason_and_an_end(lacking: str) -> None:
    lines, code = said([SOUND], [{name: value for name, value in ACCEPTED.items() if name != lacking}])
    assert code == 1 and "lacks id, package, reason or until" in lines[0]


def test_a_service_that_knows_no_package_was_not_reached() -> None:
    unknown = {"name": "example", "skip_reason": "Dependency not found on PyPI and could not be audited"}
    assert said([unknown, unknown]) == (["not audited: service not reached (2 packages asked for, none answered)"], 0)
    assert said([unknown, SOUND]) == (["1 of 2 packages audited."], 0)


def test_a_line_that_is_down_and_another_failure() -> None:
    assert audit.verdict("", "ERROR:pip_audit._cli:ConnectionError", [], DAY) == (
        ["not audited: service not reached"],
        0,
    )
    assert audit.verdict("", "invalid requirement", [], DAY) == (["pip-audit failed:", "invalid requirement"], 1)


def test_as_it_is_run(tmp_path: Path) -> None:
    """With a pip-audit in its place that answers as the real one does where no service is reached."""
    (tmp_path / "pip_audit.py").write_text("import sys; sys.exit('ERROR:pip_audit._cli:requests ConnectionError')")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "requirements.lock"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "not audited: service not reached\n")
