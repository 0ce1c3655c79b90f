"""The scripts of a re-performance pack: SQL that runs as it stands in a bare DuckDB, on the files of the pack alone.

`count.sql` counts the published figures anew from the pack's cases, `judge.sql` judges the cases anew from the pack's
rows and counts those. Both end in the rows of `recounted`, one for each figure in the order of `figures.csv`; where the
pack has the rows of its sampled cases only, `judge.sql` ends in those cases, each with its state as published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from checks.commitment import Measure
from checks.evidence import figure_cases_script, recount_script
from checks.judging import AppliedRule, Window, measure_script, preamble, rules_script

CASES, SAMPLE, MISSED = "cases.parquet", "sample.parquet", "missed_cases.parquet"
ERASED = "erased:"
_UTC = "set TimeZone = 'UTC';"
_ANSWER = "select * from recounted order by number;\n"
# What counting needs of a case; the rest says how it came to its state.
_COUNTED = (
    'standard, measure, "force", case_id, area, neighbourhood, state, reason, elapsed_seconds, part, whole, covers, '
    "local_day"
)


@dataclass(frozen=True)
class Judging:
    """What the cases of a pack are judged by, and from: as the run had it that judged them.

    Attributes:
        files: of each log the measure reads its file in the pack; none where it has no row.
        missed: script of the view `missed_cases`, '' where the measure does not ask for it.
    """

    measure: Measure
    rules: Sequence[AppliedRule]
    window: Window
    zones: Mapping[str, str]
    logs: Sequence[str]
    files: Mapping[str, Sequence[str]]
    bank_holidays: Sequence[tuple[str, date]] = ()
    missed: str = ""


def count_script(figures: Sequence[Mapping[str, Any]]) -> str:
    """`count.sql`: the figures (rows of `verdicts`, with `unknown_as_missed`) from the cases."""
    return "\n".join(
        [
            "-- The published figures counted from the pack's cases. In DuckDB 2.0, in the folder of this file.",
            _UTC,
            f"create or replace view all_cases as select * from read_parquet('{CASES}');\n",
            figure_cases_script(figures),
            recount_script(),
            _ANSWER,
        ]
    )


def judge_script(judging: Judging, figures: Sequence[Mapping[str, Any]], *, sample_only: bool) -> str:
    """`judge.sql`: the cases from the rows they were judged from, and then the figures (or the sampled cases)."""
    parts = [
        f"-- {judging.measure.name} judged from the pack's rows, as at {judging.window.as_at:%Y-%m-%d %H:%M:%S} UTC.",
        "-- In DuckDB 2.0, in the folder of this file. It is the very SQL of the run, put together as the run does.",
        _UTC,
        preamble(
            judging.window,
            judging.zones,
            judging.files,
            tuple(judging.zones),
            judging.logs,
            bank_holidays=judging.bank_holidays,
            in_folders=False,
        ),
        judging.missed,
        rules_script(judging.measure, judging.rules),
        measure_script(judging.measure),
        "create or replace table judged_cases as select * from judged;\n",
    ]
    return "\n".join([*parts, *([_SAMPLED] if sample_only else [_ALL, _figures(figures)])])


def _figures(figures: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join([figure_cases_script(figures), recount_script(), _ANSWER])


# Cases whose records were erased stand as they were counted: there is no row to judge them from.
_ALL = f"""create or replace view all_cases as
select {_COUNTED} from judged_cases
union all by name
select {_COUNTED} from read_parquet('{CASES}') where starts_with(case_id, '{ERASED}');
"""

_SAMPLED = f"""select
    sampled.standard,
    sampled.measure,
    sampled."force",
    sampled.case_id,
    sampled.state as published,
    coalesce(judged_cases.state, 'not found') as judged_again
from read_parquet('{SAMPLE}') as sampled
left join judged_cases using (standard, measure, "force", case_id)
where not starts_with(sampled.case_id, '{ERASED}')
order by all;
"""
