"""Great Expectations' own pages (Data Docs), for engineers: every rule put to every delivery, as the store recorded it.

They load styles and scripts from other hosts and carry no language: they are no part of the product's site.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.core import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
    RunIdentifier,
)
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity

from checks.errors import UsageError

Row = Mapping[str, Any]
MARK = ".pledge-data-docs"
"""Lies in the folder of pages that were built here: no other folder is ever replaced."""


def build_data_docs(rows: Iterable[Row], run_id: str, as_at: datetime, out: Path) -> Path:
    """Build the pages of one run anew; returns the first page.

    Args:
        rows: of `expectation_results`, of one run.

    Raises:
        UsageError: the folder holds something else.
    """
    _emptied(out)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    place = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(out.resolve())}
    for name in context.get_site_names():
        context.delete_data_docs_site(name)
    index = {"class_name": "DefaultSiteIndexBuilder"}
    context.add_data_docs_site(
        "engineers", {"class_name": "SiteBuilder", "site_index_builder": index, "store_backend": place}
    )
    run = RunIdentifier(run_name=run_id, run_time=as_at)
    for suite, of_suite in groupby(sorted(rows, key=itemgetter("suite")), itemgetter("suite")):
        results = [_result(row) for row in of_suite]
        name = suite.replace("/", ".")
        found = ExpectationSuiteValidationResult(
            success=all(each.success for each in results),
            results=results,
            suite_name=name,
            statistics=_counted(results),
            meta={"run_id": run, "great_expectations_version": gx.__version__, "active_batch_definition": {}},
        )
        key = ValidationResultIdentifier(ExpectationSuiteIdentifier(name), run, name)
        context.validation_results_store.set(key, found)
    context.build_data_docs(["engineers"])
    (out / MARK).touch()
    return out / "index.html"


def _emptied(out: Path) -> None:
    if out.exists() and any(out.iterdir()):
        if not (out / MARK).exists():
            found, expected = (
                "it holds files that are no Data Docs of ours",
                "an empty folder, or Data Docs built before",
            )
            raise UsageError(str(out), found, expected, "Name another.")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)


# The store keeps what a rule found, not its arguments; the description is what is shown. GX wants some all the same.
_ARGUMENTS: dict[str, dict[str, Any]] = {
    "expect_column_values_to_be_between": {"min_value": 0},
    "expect_column_values_to_be_in_set": {"value_set": []},
    "expect_table_columns_to_match_set": {"column_set": []},
    "expect_column_pair_values_a_to_be_greater_than_b": {"column_A": "later", "column_B": "earlier"},
}


def _result(row: Row) -> ExpectationValidationResult:
    kind, _, rule = row["expectation"].partition(" (")
    rule = rule.rstrip(")")
    arguments = dict(_ARGUMENTS.get(kind, {}))
    if "column_A" not in arguments and "column_set" not in arguments:
        arguments["column"] = row["column"] or rule
    return ExpectationValidationResult(
        success=bool(row["success"]),
        expectation_config=ExpectationConfiguration(
            type=kind,
            kwargs=arguments,
            meta={"rule": rule, "force": row["force"], "log": row["log"]},
            description=" – ".join(filter(None, (rule, row["force"], row["detail"]))),
            severity=FailureSeverity(row["severity"] or "critical"),
        ),
        result=_found(row),
        exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
    )


def _found(row: Row) -> dict[str, Any]:
    """What a rule found, in GX's own keys; `observed` is `3 of 200`, or words."""
    failed, (_, _, examined) = row["unexpected"] or 0, row["observed"].partition(" of ")
    found = {"observed_value": row["observed"], "unexpected_count": failed}
    if not examined.isdecimal():
        return found
    share = 100 * failed / int(examined) if int(examined) else 0.0
    return found | {"element_count": int(examined), "unexpected_percent": share, "missing_count": 0}


def _counted(results: list[ExpectationValidationResult]) -> dict[str, Any]:
    met = sum(1 for each in results if each.success)
    share = 100 * met / len(results) if results else None
    return {
        "evaluated_expectations": len(results),
        "successful_expectations": met,
        "unsuccessful_expectations": len(results) - met,
        "success_percent": share,
    }
