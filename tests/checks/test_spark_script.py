"""The judging said in Spark's SQL: what is translated how, and what is refused. That both count alike: `make spark`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from checks.commitment import measures
from checks.errors import UsageError
from checks.judging import AppliedRule, Window, facts_script, measure_script, preamble, rules_script
from checks.spark.script import spark_script
from checks.standard import Limit
from tests.spec import rule

AS_AT = datetime(2026, 1, 20, 6, tzinfo=UTC)
# What sqlglot would let through although no Spark knows it.
DUCKDBS_OWN = re.compile(r"::|\* REPLACE|BY NAME|MATERIALIZED AS|TIMESTAMP_NTZ|INT128| && |EPOCH")
FILES = [f"/lake/calls/force={force}/month=2026-01/part-{force}.parquet" for force in ("norfolk", "suffolk")]


def said(script: str) -> list[str]:
    """The script's statements for Spark on one line each, without the first, which sets the time zone."""
    first, *rest = (_on_one_line(statement) for statement in spark_script(script).split(";\n\n"))
    assert first == "set time zone 'UTC'"
    return rest[:-1]


def _on_one_line(statement: str) -> str:
    return re.sub(r"(?<=\() | (?=\))", "", re.sub(r"\s+", " ", statement)).strip()


def judging(name: str, *counted: str) -> str:
    """The script that judges a measure, as `pledge sql` puts it together; `counted`: how its cases are counted."""
    one = measures()[name]
    rules = [AppliedRule(rule(name, {"": Limit(5, "working_days")}), "norfolk", one.default_definition)]
    parts = [preamble(Window(AS_AT), {"norfolk": "Europe/London"}, {"calls": FILES}), rules_script(one, rules)]
    return "\n".join([*parts, measure_script(one), *counted])


@pytest.mark.parametrize("name", measures())
def test_every_measure_can_be_said_in_spark(name: str) -> None:
    script = spark_script(judging(name))
    assert script.startswith("set time zone 'UTC';\n\ncreate or replace temporary view run as\n")
    assert "create or replace temporary view judged as\n" in script
    assert not DUCKDBS_OWN.search(script)


def test_so_can_the_counting() -> None:
    script = spark_script(judging("answer_999", facts_script(), "select * from figures;"))
    assert "create or replace temporary view facts as\n" in script
    assert script.rstrip().endswith("FROM figures;")
    assert not DUCKDBS_OWN.search(script)


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        ("epoch_us(m)", "UNIX_MICROS(m)"),
        ("m + to_months(1) + to_days(2)", "m + MAKE_YM_INTERVAL(0, 1) + MAKE_DT_INTERVAL(2)"),
        ("isodow(d)", "(WEEKDAY(d) + 1)"),
        ("dayname(d)", "DATE_FORMAT(d, 'EEEE')"),
        ("date_diff('day', d, d + 1)", "DATEDIFF(d + 1, d)"),
        ("strftime(m, '%Y-%m-%dT%H:%M:%S')", "DATE_FORMAT(m, 'yyyy-MM-dd\\'T\\'HH:mm:ss')"),
        ("list_has_any(l, ['a'])", "ARRAYS_OVERLAP(l, ARRAY('a'))"),
        ("'infinity'::date", "CAST('9999-12-31' AS DATE)"),
        ("l[1]", "l[0]"),
        ("m::date", "CAST(m AS DATE)"),
        ("null::timestamp", "CAST(NULL AS TIMESTAMP)"),
    ],
)
def test_words(duckdb: str, spark: str) -> None:
    script = f"create table t (m timestamp, d date, l varchar[]);\ncreate view v as select {duckdb} as x from t;"
    assert said(script)[-1] == f"create or replace temporary view v as SELECT {spark} AS x FROM t"


def test_a_time_of_day_as_an_interval() -> None:
    [found] = said("create table t (x varchar);\nselect x::interval as y from t;")[1:]
    parts = [f"INT(COALESCE(NULLIF(SUBSTR(x, {start}, 2), ''), '0'))" for start in (1, 4, 7)]
    assert found == f"SELECT MAKE_DT_INTERVAL(0, {', '.join(parts)}) AS y FROM t"


def test_a_series_that_ends_before_it_begins_is_empty_and_not_an_error() -> None:
    found = said("select unnest(generate_series(date '2026-02-01', date '2026-01-01', interval 1 day))::date as d;")
    assert found[0].startswith("SELECT EXPLODE(TRANSFORM(IF(CAST(")
    assert found[0].endswith(", NULL), one -> CAST(one AS DATE))) AS d")


def test_the_later_of_two_moments_a_wall_clock_shows() -> None:
    macro = "create macro utc(wall, zone) as (wall at time zone zone) at time zone 'UTC';\n"
    [found] = said(macro + "create table t (m timestamp);\nselect utc(m, 'Europe/London') as x from t;")[1:]
    assert found.startswith("SELECT GREATEST(TO_UTC_TIMESTAMP(CAST(m AS TIMESTAMP), 'Europe/London')")


def test_a_table_is_what_was_inserted_into_it_and_changed_since() -> None:
    script = """
    create or replace table t (name varchar, n integer, day date, more varchar[]);
    insert into t values ('it''s', 1, date '2026-01-01', ['a']), (null, null, null, null);
    alter table t add column definition struct("limit" varchar);
    update t set definition = {'limit': 'within'} where n = 1;
    """
    [found] = said(script)
    assert "('it\\'s', 1, date '2026-01-01', array('a'), named_struct('limit', 'within'))" in found
    assert "(null, null, null, null, null)" in found
    assert "cast(`definition` as STRUCT<`limit`: STRING>) as `definition`" in found


def test_a_table_without_rows_is_a_table_too() -> None:
    assert said("create table t (n integer);") == [
        "create or replace temporary view t as select cast(`n` as INT) as `n` from values (null) as t (`n`) where false"
    ]


def test_a_view_that_is_there_is_left() -> None:
    assert len(said("create view v as select 1 as x; create view if not exists v as select 2 as x;")) == 1


def test_the_very_files_are_read() -> None:
    [found] = [one for one in said(judging("answer_999")) if "delivered_calls using" in one]
    inside = "{force=norfolk/month=2026-01/part-norfolk.parquet,force=suffolk/month=2026-01/part-suffolk.parquet}"
    assert f"basePath '/lake/calls', mergeSchema 'true', path '/lake/calls/{inside}'" in found


@pytest.mark.parametrize("sign", ["{", "*", "?", ",", "'", "\\"])
def test_a_path_that_spark_would_read_as_a_pattern_is_refused(sign: str) -> None:
    with pytest.raises(UsageError, match="reads one of its signs as a pattern"):
        spark_script(judging("answer_999").replace("/lake/", f"/la{sign.replace(chr(39), chr(39) * 2)}ke/"))


@pytest.mark.parametrize(
    "sql",
    [
        "select median(m) from t",
        "select list(m order by m) from t",
        "select strftime(m, '%b') from t",
        "select epoch(m) from t",
        "select date_diff('hour', m, m) from t",
        "select m at time zone 'Europe/London' from t",
        "select * from t asof join t as u on t.m >= u.m",
        "select * from t anti join t as u using (m)",
        "delete from t",
    ],
)
def test_what_has_no_known_match_is_refused(sql: str) -> None:
    with pytest.raises(UsageError, match="known to understand alike"):
        spark_script(f"create table t (m timestamp); {sql};")
