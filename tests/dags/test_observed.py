"""What is told of the steps: JSON lines on standard error, metrics to an OpenTelemetry receiver through Airflow."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from dags import observed
from tests.journey.logs import call, write
from tests.journey.pledge import COMMAND, Pledge

NIGHT = "2026-03-03T06:00:00Z"
CALLS = [
    call("a", "2026-03-02 10:00:00", 5),
    call("secret-reference", "2026-03-02 10:05:00", 25),
    call("b", "2026-03-02 10:15:00", 5, answered_at="half past ten"),
]


def environment(**more: str) -> dict[str, str]:
    ours = {
        n: v for n, v in os.environ.items() if not n.startswith(("PLEDGE_", "AIRFLOW_")) and "proxy" not in n.lower()
    }
    return ours | more


def there(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    ours = environment(PLEDGE_LOG="json", **more)
    return subprocess.run([COMMAND, *arguments], env=ours, capture_output=True, text=True, cwd=folder, timeout=200)


def test_every_line_of_a_night_is_json_and_names_no_record(tmp_path: Path) -> None:
    pledge = Pledge(tmp_path)
    write(pledge.input, "calls", CALLS)
    done = there(tmp_path, "run", "--input", str(pledge.input), "--as-at", NIGHT, *pledge.places)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"at", "level", "message"} <= set.intersection(*map(set, lines))
    assert "secret-reference" not in done.stderr
    steps = {line["step"]: line for line in lines if "seconds" in line}
    assert list(steps) == ["start", "admit", "judge", "record", "announce", "publish"]
    assert len({line["run_id"] for line in steps.values()}) == 1
    assert steps["judge"]["force"] == "norfolk"
    assert steps["admit"]["counts"] == {
        "deliveries_unfit": 0, "rows_admitted": 2, "rows_quarantined": 1, "rows_read": 3,
    }  # fmt: skip
    assert steps["judge"]["counts"]["cases_judged"] >= 2
    assert steps["record"]["counts"]["figures_written"] > 0
    assert all(line["ended"] == "done" and line["seconds"] >= 0 for line in steps.values())
    said = next(line for line in lines if line["message"].startswith("norfolk: judged"))
    assert (said["run_id"], said["step"], said["force"]) == (steps["judge"]["run_id"], "judge", "norfolk")


def test_a_failure_is_a_line_with_its_exit_code(tmp_path: Path) -> None:
    done = there(tmp_path, "run", "--input", "nowhere")
    assert done.returncode == 2
    line = json.loads(done.stderr.splitlines()[-1])
    assert (line["level"], line["exit_code"]) == ("error", 2)
    assert "nowhere" in line["message"]


def test_another_word_for_the_log_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [COMMAND, "runs"], env=environment(PLEDGE_LOG="xml"), capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (2, "pledge: PLEDGE_LOG: it is xml; text or json. Correct it.\n")


def test_of_a_library_only_the_template_is_told(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGE_LOG", "json")
    before = logging.root.handlers[:], logging.root.level
    try:
        observed.set_up()
        logging.getLogger("some.library").warning("bad value %s", "Jane Doe")
        logging.getLogger("pledge").info("a sentence of %s", "ours")
    finally:
        logging.root.handlers[:], logging.root.level = before
        logging.captureWarnings(False)
    theirs, ours = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (theirs["message"], theirs["logger"], theirs["level"]) == ("bad value %s", "some.library", "warning")
    assert ours["message"] == "a sentence of ours"


def test_a_step_that_fails_is_told_and_the_error_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    @observed.watched("judge")
    def judge(plan: Any, force: str) -> None:
        observed.count("cases_judged", 2)
        observed.count("cases_judged", 3)
        raise ValueError(force)

    caplog.set_level(logging.INFO, "pledge.steps")
    with pytest.raises(ValueError, match="kent"):
        judge(SimpleNamespace(run_id="r1"), force="kent")
    assert caplog.messages[-1].startswith("step judge of kent: failed after 0.0 s, cases_judged 5")
    observed.count("cases_judged", 1)  # outside of a step: nothing, and no error


def test_metrics_that_cannot_be_sent_fail_no_night(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def timing(self, *_: Any, **__: Any) -> None:
            raise OSError("no receiver")

    monkeypatch.setitem(sys.modules, observed.METRICS, Broken())  # type: ignore[arg-type]

    @observed.watched("record")
    def record(plan: Any) -> int:
        return 7

    assert record(SimpleNamespace(run_id="r1")) == 7


class _Receiver(BaseHTTPRequestHandler):
    """Takes what an OTLP exporter posts."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        self.server.taken.append(ExportMetricsServiceRequest.FromString(body))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def receiver() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    server.taken = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


# What Airflow's task runner does before it runs a task, then the tasks of the nightly DAG one after the other.
TASKS = """
import sys
from datetime import datetime, UTC
from types import SimpleNamespace
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)
from dags import airflow_steps
from opentelemetry import metrics
night = datetime(2026, 3, 3, 6, tzinfo=UTC)
dag_run = SimpleNamespace(run_id="night", run_after=night, run_type="scheduled")
admitted = airflow_steps.admit(logical_date=night, dag_run=dag_run)
forces = airflow_steps.forces(admitted["plan"])
for force in forces:
    airflow_steps.judge(admitted["plan"], force)
airflow_steps.record(admitted["plan"], forces)
metrics.get_meter_provider().force_flush()
"""


def test_airflow_sends_what_the_steps_count(tmp_path: Path, receiver: ThreadingHTTPServer) -> None:
    pledge = Pledge(tmp_path)
    write(pledge.input, "calls", CALLS)
    ours = environment(
        AIRFLOW_HOME=str(tmp_path / "airflow"),
        AIRFLOW__METRICS__OTEL_ON="True",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.server_port}",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        OTEL_METRIC_EXPORT_INTERVAL="60000",
        PLEDGE_INPUT=str(pledge.input),
        PLEDGE_LAKE=str(pledge.lake),
        PLEDGE_STORE=pledge.store,
    )
    done = subprocess.run([sys.executable, "-c", TASKS], env=ours, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]
    told = {
        metric.name: [
            ({a.key: a.value.string_value for a in point.attributes}, point)
            for point in (*metric.sum.data_points, *metric.exponential_histogram.data_points, *metric.gauge.data_points)
        ]
        for request in receiver.taken  # type: ignore[attr-defined]
        for resource in request.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    steps = {tags["step"] for tags, _ in told["airflow.pledge.step"]}
    assert steps == {"start", "admit", "judge", "record"}
    judged = [(tags, point.as_int or point.as_double) for tags, point in told["airflow.pledge.cases_judged"]]
    assert judged[0][0] == {"step": "judge", "force": "norfolk"} and judged[0][1] >= 2
    refused = [point.as_int or point.as_double for _, point in told["airflow.pledge.rows_quarantined"]]
    assert refused == [1]
    assert "secret-reference" not in str(told)
