"""`make audit`: is a vulnerability known of any package that is installed for the product?

    python .ci/audit.py [requirements.lock]

pip-audit asks the public service. Exit code 1 for a vulnerability that nobody accepted; 0 otherwise, also where the
service was not reached: then it says so, and that nothing was audited. Accepted are those listed in pyproject.toml,
each with its package, a reason and the last day it is accepted:

    [[tool.pledge.accepted_vulnerabilities]]
    id = "PYSEC-2026-1"
    package = "example"
    reason = "The parser it concerns is never called."
    until = 2026-12-31
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NOT_REACHED = "not audited: service not reached"
_AUDIT = ("-m", "pip_audit", "--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off", "-r")
_SAID_OF_A_LINE_THAT_IS_DOWN = ("ConnectionError", "ServiceError", "Timeout", "timed out", "Max retries", "HTTPError")


def main(lock: str) -> int:
    done = subprocess.run([sys.executable, *_AUDIT, lock], capture_output=True, text=True)
    accepted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"].get("pledge", {})
    lines, code = verdict(done.stdout, done.stderr, accepted.get("accepted_vulnerabilities", []), today())
    print("\n".join(lines))
    return code


def today() -> date:
    return datetime.now(UTC).date()


def verdict(out: str, err: str, accepted: Sequence[Mapping[str, Any]], day: date) -> tuple[list[str], int]:
    """What is said of pip-audit's answer, and the exit code; `accepted` as listed in pyproject.toml."""
    wrong = [f"accepted_vulnerabilities: {each.get('id')} lacks id, package, reason or until"
             for each in accepted if not _is_whole(each)]  # fmt: skip
    if wrong:
        return wrong, 1
    try:
        packages = json.loads(out)["dependencies"]
    except (ValueError, KeyError):
        if any(word in err for word in _SAID_OF_A_LINE_THAT_IS_DOWN):
            return [NOT_REACHED], 0
        return ["pip-audit failed:", *err.strip().splitlines()[-3:]], 1
    # Of a package it does not know the service says nothing; where it knows none, something else answered.
    audited = [each for each in packages if "skip_reason" not in each]
    if not audited:
        return [f"{NOT_REACHED} ({len(packages)} packages asked for, none answered)"], 0
    until = {(each["package"], each["id"]): each for each in accepted if each["until"] >= day}
    lines, code = [f"{len(audited)} of {len(packages)} packages audited."], 0
    for package in audited:
        for found in package["vulns"]:
            names = [(package["name"], name) for name in (found["id"], *found.get("aliases", ()))]
            known = next((until[name] for name in names if name in until), None)
            said = f"{package['name']} {package['version']}: {found['id']}, mended in {found['fix_versions'] or 'none'}"
            lines.append(f"{said}; accepted until {known['until']}: {known['reason']}" if known else said)
            code = code if known else 1
    return lines, code


def _is_whole(entry: Mapping[str, Any]) -> bool:
    texts = [entry.get(name) for name in ("id", "package", "reason")]
    return all(isinstance(text, str) and text.strip() for text in texts) and isinstance(entry.get("until"), date)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "requirements.lock"))
