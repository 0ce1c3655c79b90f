"""`make fuzz`: coverage-guided fuzzing (atheris) of what reads other people's files.

    python -m tests.fuzz                        every target of tests/fuzz/targets.py, one after the other
    python -m tests.fuzz csv --minutes 30       one of them

What was found to reach new code is kept in .pledge/fuzz/<target> and starts the next time; what broke a promise lies
beside it as .pledge/fuzz/<target>-crash-… and ends the command with exit code 1.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

FOUND = Path(".pledge/fuzz")
FUZZED = ["checks", "connectors", "expectations", "yaml", "zipfile", "xml.etree"]


def main() -> int:
    import atheris

    with atheris.instrument_imports(include=FUZZED):
        from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("target", nargs="*", choices=[*TARGETS, []], help="default: all")
    parser.add_argument("--minutes", type=float, default=1.0, help="of each target")
    given = parser.parse_args()
    if len(given.target) == 1:
        return _fuzz(given.target[0], TARGETS[given.target[0]], given.minutes, atheris)
    # libFuzzer ends its process: each target has one of its own.
    commands = [[sys.executable, "-m", "tests.fuzz", name, "--minutes", str(given.minutes)] for name in TARGETS]
    return max(min(1, abs(subprocess.run(command).returncode)) for command in commands)


def _fuzz(name: str, target, minutes: float, atheris) -> int:  # type: ignore[no-untyped-def]
    corpus = FOUND / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        (corpus / sha256(seed).hexdigest()[:16]).write_bytes(seed)
    with tempfile.TemporaryDirectory(prefix=f"pledge-fuzz-{name}-") as folder:
        options = (f"-max_total_time={round(60 * minutes)}", f"-artifact_prefix={FOUND}/{name}-", "-timeout=60",
                   "-max_len=20000", "-rss_limit_mb=4096", "-print_final_stats=1")  # fmt: skip
        atheris.Setup([sys.argv[0], *options, str(corpus)], lambda data: target.holds(data, Path(folder)))
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
