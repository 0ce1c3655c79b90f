"""The public files nobody here wrote: admitted as a run does it, they give their publishers' counts to the unit.

The counts are those of ../shared/data/README.md, taken there with nothing but Python's csv module.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.lake.tables import Lake
from connectors.settings import Settings
from dags import steps
from dags.plan import Plan, new_plan
from tests.connectors.sources.reading import SHARED

FILES = {
    "bank_calls": "bank_call_log_1999_08.csv",
    "sffd_cad": "sffd_calls_2020_04_07_to_20.csv",
    "lfb_incidents": "lfb_incidents_2017_jan_apr.csv",
    "boston_311": "boston311_100.csv",
}
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the public files of ../shared/data are not here")
Ask = Callable[[str], list[tuple[Any, ...]]]
Night = tuple[Plan, Settings, list[dict[str, Any]]]
Figure = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """All four files admitted into one lake: the plan, the settings and the deliveries' rows."""
    folder = tmp_path_factory.mktemp("public")
    settings = Settings(lake=str(folder / "lake"), store=f"sqlite:///{folder / 'store.sqlite'}")
    now = datetime(2026, 11, 21, tzinfo=UTC)
    sources = tuple(f"{name}={SHARED / file}" for name, file in FILES.items())
    plan = steps.start(new_plan(settings, now, now, sources=sources), settings)
    return plan, settings, steps.admit(plan, settings).rows


@pytest.fixture(scope="module")
def ask(night: Night) -> Iterator[Ask]:
    """A query over the admitted logs, as any auditor's DuckDB would put it."""
    lake = Lake(night[0].lake)
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    for log in ("calls", "incidents", "messages"):
        files = lake.files(log, lake.versions()[log])
        con.execute(f"create view {log} as select * from read_parquet({files}, hive_partitioning = true)")
    yield lambda query: con.execute(query).fetchall()
    con.close()


@pytest.fixture(scope="module")
def figure(night: Night) -> Figure:
    """A figure of `pledge sensitivity --full`: the default definition's but for the switches named."""
    plan, _, _ = night
    judged: dict[str, list[dict[str, Any]]] = {}

    def figure(measure: str, force: str, **switched: str) -> dict[str, Any]:
        judged[measure] = judged.get(measure) or _pledge("sensitivity", plan, "--measure", measure, "--full")
        rows = [row for row in judged[measure] if row["force"] == force]
        wanted = {**rows[0]["definition"], **switched}
        return next(row for row in rows if row["definition"] == wanted)

    return figure


def _pledge(command: str, plan: Plan, *arguments: str, as_at: bool = True) -> list[dict[str, Any]]:
    """What the command prints as JSON, in a process of its own."""
    program = [sys.executable, "-c", "from dags.cli import main; main()"]
    where = ["--lake", plan.lake, "--store", plan.store, "--format", "json"]
    where += ["--as-at", plan.as_at] if as_at else []
    root = Path(__file__).parents[3]
    called = [*program, command, *arguments, *where]
    done = subprocess.run(called, capture_output=True, text=True, cwd=root, timeout=300)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_every_row_is_admitted_and_none_is_quarantined(night: Night) -> None:
    rows = {row["source"]: (row["rows_read"], row["rows_admitted"], row["fitness"]) for row in night[2]}
    assert rows == {
        "bank_calls": (42_078, 42_078, "fit"),
        "sffd_cad": (5_292, 5_292, "fit"),
        "lfb_incidents": (32_247, 32_247, "fit"),
        "boston_311": (100, 100, "fit"),
    }


class TestBank:
    def test_the_calls(self, ask: Ask) -> None:
        waited = "extract(epoch from coalesce(answered_at, abandoned_at) - received_at)"
        counted = ask(
            f"select count(answered_at), count(answered_at) filter ({waited} <= 10), "
            f"count(answered_at) filter ({waited} < 10), count(abandoned_at), "
            f"count(abandoned_at) filter ({waited} <= 10), "
            "count(*) filter (kind = 'dropped'), count(*) filter (kind = 'phantom'), count(*) from calls"
        )
        assert counted == [(31_402, 14_267, 14_117, 7_260, 953, 3_106, 310, 42_078)]

    @pytest.mark.parametrize(
        ("switched", "met", "of"),
        [
            ({}, 14_267, 31_402 + 7_260 - 953),
            ({"abandoned": "all_offered"}, 14_267, 31_402 + 7_260),
            ({"abandoned": "answered_only"}, 14_267, 31_402),
            ({"abandoned": "answered_only", "limit": "under"}, 14_117, 31_402),
        ],
    )
    def test_the_share_answered_in_ten_seconds(
        self, figure: Figure, switched: dict[str, str], met: int, of: int
    ) -> None:
        row = figure("answer_999", "bank", **switched)
        assert (row["met"], row["met"] + row["missed"], row["unknown"]) == (met, of, 0)

    def test_in_percent_as_published(self, figure: Figure) -> None:
        rates = [
            round(100 * figure("answer_999", "bank", abandoned=how)["rate"], 2)
            for how in ("short_excluded", "all_offered", "answered_only")
        ]
        assert rates == [37.83, 36.90, 45.43]


class TestFireDepartmentDispatch:
    def test_all_priorities_by_incident(self, ask: Ask) -> None:
        def within(clock: str) -> str:
            return f"count(*) filter (arrived_at - {clock} <= interval 900 second)"

        counted = ask(
            "select count(*), count(arrived_at), count(*) - count(arrived_at), "
            "count(*) filter (arrived_at is null and cancelled_at is not null), "
            f"{within('received_at')}, {within('created_at')}, {within('dispatched_at')} from incidents "
            "where force = 'sffd'"
        )
        assert counted == [(5_292, 5_118, 174, 98, 4_352, 4_577, 4_637)]

    @pytest.mark.parametrize(("clock", "met"), [("received", 2_908), ("created", 2_935), ("dispatched", 2_935)])
    def test_the_most_urgent_under_their_final_grade(self, figure: Figure, clock: str, met: int) -> None:
        row = figure("attend_emergency", "sffd", grade="final", clock_start=clock)
        # 65 of the 3,018 have no arrival, 23 of them cancelled throughout.
        assert (row["met"], row["met"] + row["missed"] + row["unknown"] + row["excluded"]) == (met, 3_018)
        assert 2_953 - met <= row["missed"]


class TestFireBrigade:
    def test_attendance(self, ask: Ask) -> None:
        counted = ask(
            "select count(*), count(arrived_at), count(*) filter (arrived_at - received_at <= interval 900 second), "
            "count(*) filter (arrived_at - received_at < interval 900 second) from incidents where force = 'lfb'"
        )
        assert counted == [(32_247, 32_247 - 1_819, 30_263, 30_261)]

    def test_the_figure_and_what_the_unknown_ones_would_make_of_it(self, figure: Figure) -> None:
        row = figure("attend_emergency", "lfb")
        assert (row["met"], row["missed"], row["unknown"]) == (30_263, 165, 1_819)
        assert round(100 * row["rate"], 2) == 99.46
        assert round(100 * figure("attend_emergency", "lfb", unknown="as_missed")["rate"], 2) == 93.85
        assert figure("attend_emergency", "lfb", limit="under")["met"] == 30_261


class TestBoston:
    def test_the_publishers_own_verdict_in_its_own_terms(self, ask: Ask) -> None:
        counted = ask(
            "select count(responded_at), count(*) filter (responded_at is null), "
            "count(*) filter (detail_promised_for is null), "
            "count(*) filter (responded_at <= detail_promised_for), "
            "count(*) filter (responded_at > detail_promised_for), "
            "count(*) filter (responded_at - received_at <= interval 24 hour) from messages"
        )
        assert counted == [(85, 15, 11, 72, 5, 58)]


class TestBostonAsItsUsersRunIt:
    def test_the_publishers_own_verdict_in_the_cases_of_a_run(self, tmp_path: Path) -> None:
        plan = Plan("", "2026-11-21T00:00:00+00:00", str(tmp_path / "lake"), f"sqlite:///{tmp_path / 'store.sqlite'}")
        _pledge("run", plan, "--source", f"boston_311={SHARED / FILES['boston_311']}")

        def closed(measure: str) -> dict[str, int]:
            """The cases whose request was closed, by state: of those still open the publisher counts none."""
            cases = _pledge("cases", plan, "--measure", measure, as_at=False)
            return Counter(case["state"] for case in cases if case["clock_stopped_at"])

        assert closed("detail_followed_up") == {"met": 72, "missed": 5}
        assert closed("message_answered") == {"met": 58, "missed": 27}
