"""What a process needed. A child's `ru_maxrss` begins with what its parent had resident when it was forked, so it tells
of the parent where that was larger: who measures a child forks it from a small process, or lets it tell itself.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Starts a command from a process that has hardly any memory, and writes down what the command used.
_LAUNCHER = """
import json, os, sys
_, status, used = os.wait4(os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ), 0)
with open(sys.argv[1], "w") as file:
    json.dump([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024], file)
"""


@dataclass(frozen=True)
class Used:
    """Of a command that has ended: exit code, processor seconds (user and system), megabytes resident at most."""

    code: int
    processor_seconds: float
    megabytes: float


def used_by(command: Sequence[str], told: Path, environ: dict[str, str], file_actions: Sequence[Any]) -> Used:
    """Run a command to its end; `told` is a file for the answer, `file_actions` as os.posix_spawn takes them."""
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(told), *command]
    os.waitpid(os.posix_spawn(sys.executable, launcher, environ, file_actions=file_actions), 0)
    return Used(*json.loads(told.read_text("utf-8")))


def own_peak() -> float:
    """The megabytes this process had resident at most."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("utf-8")) if status.exists() else None
    return (int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024
