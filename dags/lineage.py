"""What each task of the nightly DAG read and wrote, as OpenLineage's datasets with their facets.

Counts, names of columns and rules, and places; never a value of a record. Datasets are named by OpenLineage's rules:
files by `file` and their path, tables of the lake by the place they lie at, those of PostgreSQL by server, database and
schema (SQLite has no rule: `sqlite`, and the file's path before the table).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from airflow.providers.openlineage.extractors import OperatorLineage
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    data_quality_assertions_dataset as assertions_facet,
)
from openlineage.client.facet_v2 import (
    data_quality_metrics_input_dataset as metrics_facet,
)
from openlineage.client.facet_v2 import (
    dataset_version_dataset,
    output_statistics_output_dataset,
    schema_dataset,
)
from sqlalchemy import Connection, func, make_url, select

from connectors.lake.tables import Lake
from connectors.settings import load, masked
from connectors.store import tables
from connectors.store.engine import open_store, reading
from connectors.store.read import columns_of, read_table
from connectors.store.sealed import sealed_tables
from dags.plan import Plan
from dags.publishing import published_folder

Row = dict[str, Any]
SEVERITIES = {"critical": "error"}


def lineage_of(step: str, given: Mapping[str, Any], result: Any) -> OperatorLineage | None:
    """The lineage of a step (a function of `dags.airflow_steps`) that has ended; None for one that moves no data.

    Args:
        given: the arguments it was called with, by name.
        result: what it returned.
    """
    tell = _STEPS.get(step)
    if tell is None:
        return None
    plan = Plan.from_json(result["plan"] if step == "admit" else given["plan"])
    with reading(open_store(plan.store)) as conn:
        return tell(_Told(conn, plan, plan.open_lake()))


class _Told:
    """The datasets of one run."""

    def __init__(self, conn: Connection, plan: Plan, lake: Lake) -> None:
        self.conn, self.plan, self.lake = conn, plan, lake

    def deliveries(self) -> list[Row]:
        return [row for row in read_table(self.conn, "deliveries", run=self.plan.run_id) if row["location"]]

    def results(self, delivery_id: str) -> list[Row]:
        """The run's expectation results on a delivery; '' = those on its figures."""
        rows = read_table(self.conn, "expectation_results", run=self.plan.run_id)
        return [row for row in rows if row["delivery_id"] == delivery_id]

    def delivered(self, row: Row) -> InputDataset:
        namespace, name = place(row["location"])
        refused = assertions_facet.Assertion(
            assertion="row_count",
            name="rows_quarantined",
            success=not row["rows_quarantined"],
            severity="warn",
            expected="0",
            actual=str(row["rows_quarantined"]),
        )
        fitness = assertions_facet.Assertion(
            assertion="fitness", name="delivery_fitness", success=row["fitness"] == "fit", severity="error",
            expected="fit", actual=row["fitness"],
        )  # fmt: skip
        said = [fitness, refused, *map(_assertion, self.results(row["delivery_id"]))]
        columns = [name for name in row["columns"].split(",") if name]
        fields = [schema_dataset.SchemaDatasetFacetFields(name=each, type="text") for each in columns]
        return InputDataset(
            namespace,
            name,
            facets=_facets(fields, row["sha256"]),
            inputFacets=_quality(row["rows_read"], said),
        )

    def lake_facets(self, name: str, version: int | None) -> dict[str, Any]:
        table = self.lake.table(name, version)
        if table is None:
            return {}
        fields = [
            schema_dataset.SchemaDatasetFacetFields(name=each.name, type=str(getattr(each.type, "type", each.type)))
            for each in table.schema().fields
        ]
        return _facets(fields, str(table.version()))

    def read_from_lake(self, *, with_cases: bool = False) -> list[InputDataset]:
        """The logs at the versions the run judged, else at the newest."""
        versions: dict[str, int | None] = {**self.lake.versions(), **({"cases": None} if with_cases else {})}
        run = next(row for row in read_table(self.conn, "runs") if row["run_id"] == self.plan.run_id)
        judged = json.loads(run["input_key"] or "{}")
        return [
            InputDataset(
                *place(f"{self.lake.location}/{name}"), facets=self.lake_facets(name, judged.get(name, newest))
            )
            for name, newest in sorted(versions.items())
        ]

    def written_to_lake(self, name: str, rows: int | None = None) -> OutputDataset:
        written: dict[str, Any] = {} if rows is None else {"outputStatistics": _rows(rows)}
        where = place(f"{self.lake.location}/{name}")
        return OutputDataset(*where, facets=self.lake_facets(name, None), outputFacets=written)

    def written_to_store(self) -> list[OutputDataset]:
        """The append-only tables of the store that got rows by this run."""
        found = []
        for table in sealed_tables():
            if table in (tables.deliveries, tables.quarantine, tables.expectation_results):
                continue
            asked = select(func.count()).select_from(table).where(table.c.run_id == self.plan.run_id)
            rows = int(self.conn.execute(asked).scalar_one())
            if rows:
                facets = _columns([column.name for column in table.columns])
                written: dict[str, Any] = {"outputStatistics": _rows(rows)}
                found.append(OutputDataset(*self.in_store(table.name), facets=facets, outputFacets=written))
        return found

    def figures(self) -> InputDataset:
        """The run's verdicts, with what Great Expectations said of them."""
        table = tables.verdicts
        asked = select(func.count()).select_from(table).where(table.c.run_id == self.plan.run_id)
        rows = int(self.conn.execute(asked).scalar_one())
        facets = _columns(columns_of("verdicts"))
        said = _quality(rows, list(map(_assertion, self.results(""))))
        return InputDataset(*self.in_store("verdicts"), facets=facets, inputFacets=said)

    def in_store(self, table: str) -> tuple[str, str]:
        address = make_url(self.plan.store)
        if address.get_backend_name() == "sqlite":
            return "sqlite", f"{Path(address.database or '').absolute()}.{table}"
        return f"postgres://{address.host or 'localhost'}:{address.port or 5432}", f"{address.database}.public.{table}"


def _admitted(told: _Told) -> OperatorLineage:
    rows = told.deliveries()
    admitted: dict[str, int] = {}
    for row in rows:
        admitted[row["log"]] = admitted.get(row["log"], 0) + row["rows_admitted"]
    inputs = [told.delivered(row) for row in rows]
    return OperatorLineage(inputs=inputs, outputs=[told.written_to_lake(log, n) for log, n in admitted.items()])


def _judged(told: _Told) -> OperatorLineage:
    return OperatorLineage(inputs=told.read_from_lake(), outputs=[told.written_to_lake("cases")])


def _recorded(told: _Told) -> OperatorLineage:
    return OperatorLineage(inputs=told.read_from_lake(with_cases=True), outputs=told.written_to_store())


def _announced(told: _Told) -> OperatorLineage:
    columns = _columns(columns_of("announcements"))
    said = OutputDataset(*told.in_store("announcements"), facets=columns)
    return OperatorLineage(inputs=[told.figures()], outputs=[said] if load(os.environ).slack_token else [])


def _published(told: _Told) -> OperatorLineage:
    files = sorted(published_folder(load(os.environ), told.plan.lake).glob("*.csv"))
    return OperatorLineage(inputs=[told.figures()], outputs=[OutputDataset(*place(str(path))) for path in files])


_STEPS: dict[str, Callable[[_Told], OperatorLineage]] = {
    "admit": _admitted,
    "judge": _judged,
    "record": _recorded,
    "announce": _announced,
    "publish": _published,
}


def place(location: str) -> tuple[str, str]:
    """Namespace and name of what lies at a path or URL, without a password."""
    parts = urlsplit(masked(location))
    if not parts.scheme or not parts.netloc:
        return "file", str(Path(location).absolute())
    return f"{parts.scheme}://{parts.netloc}", parts.path.strip("/") or "/"


def _assertion(row: Row) -> assertions_facet.Assertion:
    return assertions_facet.Assertion(
        assertion=row["expectation"].partition(" ")[0],
        name=row["expectation"],
        success=bool(row["success"]),
        column=row["column"] or None,
        severity=SEVERITIES.get(row["severity"], "warn"),
        actual=row["observed"],
    )


def _quality(rows: int, said: Sequence[assertions_facet.Assertion]) -> dict[str, Any]:
    return {
        "dataQualityMetrics": metrics_facet.DataQualityMetricsInputDatasetFacet(rowCount=rows, columnMetrics={}),
        "dataQualityAssertions": assertions_facet.DataQualityAssertionsDatasetFacet(assertions=list(said)),
    }


def _columns(names: Iterable[str]) -> dict[str, Any]:
    return _facets([schema_dataset.SchemaDatasetFacetFields(name=name) for name in names])


def _facets(fields: Sequence[schema_dataset.SchemaDatasetFacetFields], version: str = "") -> dict[str, Any]:
    """The facets of a dataset: its columns, and which of its versions it was."""
    facets: dict[str, Any] = {"schema": schema_dataset.SchemaDatasetFacet(fields=list(fields))}
    if version:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=version)
    return facets


def _rows(count: int) -> output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet:
    return output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=count)
