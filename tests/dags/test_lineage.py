"""Where datasets are, and that nothing is loaded for lineage nobody asked for. A whole night: test_nightly_for_real."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dags.lineage import place


def test_where_a_dataset_is() -> None:
    assert place("/data/lake/calls") == ("file", "/data/lake/calls")
    assert place("lake/calls") == ("file", str(Path("lake/calls").absolute()))
    assert place("s3://bucket/lake/calls") == ("s3://bucket", "lake/calls")
    assert place("https://user:secret@calls.example/api")[0] == "https://user:***@calls.example"


_NOT_CONFIGURED = """
import sys
from dags.lineage_task import is_configured
assert not is_configured()
print(sorted(name for name in sys.modules if name.startswith(("openlineage", "dags.lineage"))))
"""


def test_without_a_transport_nothing_is_loaded(tmp_path: Path) -> None:
    ours = {name: value for name, value in os.environ.items() if "OPENLINEAGE" not in name}
    ours["AIRFLOW_HOME"] = str(tmp_path)
    done = subprocess.run([sys.executable, "-c", _NOT_CONFIGURED], env=ours, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "['dags.lineage_task']"
