"""The names records have in a pack: keyed pseudonyms, one for each reference in every log, case and breach.

Every reference of the contract is hidden, those of meetings and visits too: whoever knows the key finds the record,
nobody else does. Names that are no record's stay: N1/2026-10 is a neighbourhood and its month.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from checks.errors import UsageError
from checks.logs import PERSONAL, Log
from connectors.lake.pseudonyms import Pseudonyms, pseudonyms_of, refuse_another_key
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.signing import secret_of
from dags.sealing import key_path

_FORM = r"^p[0-9a-f]{24}$"
_PURPOSE = "re-performance packs"

# The name of a case in its parts. `explained` names a case of another measure; an interval of a victim's case is named
# by the case and a moment; a month or check of a neighbourhood's, and a year of a force's, by no record at all.
_PARTS = r"""
create or replace table {into} as
with measured as (
    select
        *,
        case when measure = 'explained' then split_part(case_id, '/', 1) || '/' else '' end as before,
        case_id[len(before) + 1 :] as named
    from {view}
),

told as (
    select
        *,
        starts_with(case_id, 'erased:') or (
            regexp_matches(named, '/\d{{4}}(-\d\d(-\d\dT[0-9:.]+Z)?)?$')
            and split_part(named, '/', 1) <> ''
            and (starts_with(named, neighbourhood || '/') or starts_with(named, "force" || '/'))
        ) as stands,
        regexp_extract(named, '/\d{{4}}-\d\d-\d\dT[0-9:.]+Z$') as after
    from measured
)

select
    * exclude (named),
    named[: len(named) - len(after)] as record
from told
"""


class Names:
    """Gives references their names in a pack; `by` says in words by which key."""

    def __init__(self, pseudonyms: Pseudonyms, by: str, *, keep_pseudonyms: bool) -> None:
        self._pseudonyms, self.by, self._keep = pseudonyms, by, keep_pseudonyms

    def column(self, references: pa.ChunkedArray) -> pa.Array:
        """The names of a column; what is absent stays so, and what the lake holds as a pseudonym already, too."""
        made = self._pseudonyms.column(references)
        if not self._keep:
            return made
        text = pa.chunked_array(references).combine_chunks().cast(pa.string())
        return pc.if_else(pc.fill_null(pc.match_substring_regex(text, _FORM), False), text, made)

    def of_rows(self, log: Log, rows: pa.Table, breaches: Mapping[str, str]) -> pa.Table:
        """The rows of a log with names in place of their references; `breaches`: the breaches' names in the pack."""
        for column in log.columns:
            if is_reference(column.name):
                place, given = rows.column_names.index(column.name), rows[column.name]
                made = self.column(given)
                if column.name == "breach_id":
                    known = [breaches.get(one) for one in given.to_pylist()]
                    made = pc.coalesce(pa.array(known, pa.string()), made)
                rows = rows.set_column(place, column.name, made)
        return rows

    def name_cases(self, con: duckdb.DuckDBPyConnection, view: str, into: str) -> None:
        """Make the table `into` of the cases in a view: `case_id` as in the pack, `reference` as it was."""
        con.execute(_PARTS.format(view=view, into="cases_in_parts"))
        records = con.sql("select distinct record from cases_in_parts where not stands order by 1").to_arrow_table()
        con.register("names_of_records", records.append_column("made", self.column(records["record"])))
        con.execute(
            f"create or replace table {into} as "  # noqa: S608
            "select * exclude (before, stands, after, record, made) "
            "replace (case when stands then case_id else before || made || after end as case_id), case_id as reference "
            "from cases_in_parts left join names_of_records using (record)"
        )


def is_reference(column: str) -> bool:
    """Whether a contract column holds a reference to a record, or says who recorded it."""
    return column in PERSONAL or column.endswith("_id") or column == "recorded_by"


def names_of(settings: Settings, lake: Lake) -> Names:
    """The names made by PLEDGE_PSEUDONYM_KEY; without one by a key that follows from the signing key, so that the same
    pack made again is the same.

    Raises:
        UsageError: neither key is there, or the lake was filled under another.
    """
    pseudonyms = pseudonyms_of(settings.pseudonym_key)
    if pseudonyms:
        refuse_another_key(lake, pseudonyms)
        return Names(pseudonyms, "the key the force keeps for the pseudonyms of its lake", keep_pseudonyms=True)
    path = key_path(settings)
    if not path.exists():
        expected, do = "the key that signed the runs, or PLEDGE_PSEUDONYM_KEY", "Name one: references are hidden by it."
        raise UsageError(f"signing key {path}", "there is none", expected, do)
    made = Pseudonyms(secret_of(path)).derived(_PURPOSE)
    return Names(made, "a key that follows from the force's signing key", keep_pseudonyms=False)
