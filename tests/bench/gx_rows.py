"""The same delivered rows put to the same expectations, by our door and by Great Expectations (GX) on pandas alone.

    python -m tests.bench.gx_rows stage FOLDER STAGED    types the delivered calls: what both start from
    python -m tests.bench.gx_rows door STAGED FAILED     as admission asks
    python -m tests.bench.gx_rows pandas STAGED FAILED   one data frame, one validation, every failing row wanted

FAILED: how many rows failed each rule, and which of them. Standard output: what the imports took.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

_BEGUN = time.monotonic(), time.process_time()

import great_expectations as gx  # noqa: E402
import pandas as pd  # noqa: E402

from checks.logs import LOGS  # noqa: E402
from connectors.lake.staging import Staged, stage  # noqa: E402
from connectors.sources.file import canonical, open_delivery  # noqa: E402
from expectations.quality import fitness  # noqa: E402
from expectations.quality.results import CRITICAL  # noqa: E402
from expectations.quality.rows import _prepared  # noqa: E402
from expectations.quality.rules import rules  # noqa: E402
from tests.bench.asked import AS_AT  # noqa: E402

LOG = LOGS["calls"]
TODAY = date(2026, 4, 20)
Failed = dict[str, list[int]]


def typed(folder: Path, kept: Path) -> None:
    staged = stage(open_delivery(canonical("calls"), folder / "calls.csv"), LOG, kept)
    numbers = {"conflicts": sorted(staged.conflicts), "columns": staged.columns}
    (kept / "staged.json").write_text(json.dumps(numbers), "utf-8")


def _staged(kept: Path) -> Staged:
    told = json.loads((kept / "staged.json").read_text("utf-8"))
    return Staged(LOG, kept / "typed.parquet", tuple(told["columns"]), conflicts=set(told["conflicts"]))


def door(staged: Staged) -> tuple[Failed, dict[str, int]]:
    """Chunk by chunk, counts first, and places only of the rules that set rows aside."""
    failed: Failed = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for frame in staged.chunks():
        results, failures = fitness(LOG, staged.columns, frame, AS_AT, TODAY)
        for result in results:
            counts[result.rule] += result.unexpected
        for failure in failures:
            failed[failure.rule].append(int(frame["row_number"].iloc[failure.position]))
    return failed, counts


def alone(staged: Staged) -> tuple[Failed, dict[str, int]]:
    """As GX's documentation has it: an asset of a data frame, a suite, complete results."""
    frame = pd.read_parquet(staged.path).assign(key_conflict=lambda rows: rows["row_number"].isin(staged.conflicts))
    troubled = frozenset(name for name in staged.columns if f"{name}__trouble" in frame)
    asked = rules(LOG, staged.columns, troubled, AS_AT, TODAY)
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("calls")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch(
        {"dataframe": _prepared(LOG, staged.columns, frame)}
    )
    wanted: dict[str, Any] = {"result_format": "COMPLETE", "unexpected_index_column_names": ["row_number"]}
    suite = gx.ExpectationSuite(name="calls", expectations=[rule.expectation for rule in asked])
    failed: Failed = {}
    counts: dict[str, int] = {}
    critical = {rule.name for rule in asked if rule.severity == CRITICAL}
    for result in batch.validate(suite, result_format=wanted).results:
        rule = str(result.expectation_config.meta["rule"])
        counts[rule] = int(result.result["unexpected_count"])
        found = result.result.get("unexpected_index_list") or ()
        if rule in critical and found:
            failed[rule] = [int(each["row_number"]) for each in found]
    return failed, counts


def main(mode: str, given: str, to: str) -> None:
    imported = [now - then for now, then in zip((time.monotonic(), time.process_time()), _BEGUN, strict=True)]
    if mode == "stage":
        typed(Path(given), Path(to))
        return
    failed, counts = (door if mode == "door" else alone)(_staged(Path(given)))
    told = {"counts": dict(counts), "failed": {rule: sorted(rows) for rule, rows in failed.items() if rows}}
    Path(to).write_text(json.dumps(told, sort_keys=True), "utf-8")
    print(json.dumps(imported))


if __name__ == "__main__":
    main(*sys.argv[1:])
