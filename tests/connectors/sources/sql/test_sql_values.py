"""Values of real columns as text, to the last digit; a database's address and query, and what is wrong with them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from checks.errors import NotFitError, UsageError
from connectors.sources.sql import watermark
from connectors.sources.sql.connection import read_sql_connection, read_sql_query
from connectors.sources.sql.values import as_text, text_rows
from connectors.sources.sql.watched import SilentError, Watched
from tests.connectors.sources.sql.conftest import Cad

SUMMER = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("null::text", None),
        ("''", ""),
        ("' padded '", " padded "),
        ("0.1::numeric + 0.2", "0.3"),
        ("1234567890123456789.000000001::numeric", "1234567890123456789.000000001"),
        ("1e-7::numeric", "0.0000001"),
        ("5.00::numeric", "5"),
        ("5.10::numeric", "5.10"),
        ("'NaN'::numeric", "NaN"),
        ("9223372036854775807", "9223372036854775807"),
        ("0.1::float8", "0.1"),
        ("3::float8", "3"),
        ("true", "true"),
        ("timestamptz '2026-03-29 02:30:00.000001+01:00'", "2026-03-29 01:30:00.000001+00:00"),
        ("timestamp '2026-03-29 01:30'", "2026-03-29 01:30:00"),
        ("date '2026-03-29'", "2026-03-29"),
        ("time '23:59:59.5'", "23:59:59.500000"),
        ("interval '1 day 00:00:08.5'", "86408.5"),
        ("interval '-8 seconds'", "-8"),
        ("decode('00ff', 'hex')", "00ff"),
        ("'a5b3e1a0-0000-0000-0000-000000000001'::uuid", "a5b3e1a0-0000-0000-0000-000000000001"),
        ("array[1, 2]", "[1, 2]"),
        ("""'{"a": 1.50}'::jsonb""", '{"a": 1.5}'),
        ("'Zoë 🚓'", "Zoë 🚓"),
    ],
)
def test_a_column_of_postgresql(postgres_cad: Cad, column: str, text: str | None) -> None:
    postgres_cad.select = "select call_id from raw"
    literal = column.replace("\\", "")
    postgres_cad.query = {"select": f"select {literal} as call_id"}
    assert postgres_cad.fetched(0) == [{"call_id": text}]


def test_values_of_other_drivers() -> None:
    assert as_text(Decimal("1E+3")) == "1000"
    assert as_text(datetime(2026, 3, 29, 2, tzinfo=SUMMER)) == "2026-03-29 02:00:00+01:00"
    assert as_text(memoryview(b"\x01")) == "01"
    assert text_rows(["a"], [["half \ud800"], [None]])["a"].to_pylist() == ["half ?", None]


@pytest.mark.parametrize(
    ("value", "overlap", "before"),
    [
        (datetime(2026, 3, 29, 2), 60, datetime(2026, 3, 29, 1)),
        (date(2026, 3, 29), 60, date(2026, 3, 28)),
        (date(2026, 3, 29), 0, date(2026, 3, 29)),
        (7, 10, -3),
        ("2026-03-29 02:00:00", 60, "2026-03-29 01:00:00"),
        ("2026-03-29T02:00:00Z", 60, "2026-03-29T01:00:00Z"),
        ("2026-03-29T02:00:00.123", 1, "2026-03-29T01:59:00.123"),
        ("2026-03-29 02:00:00.123456+01:00", 1, "2026-03-29 01:59:00.123456+01:00"),
        ("2026-03-29", 1440, "2026-03-28"),
    ],
)
def test_a_watermark_and_what_is_read_again(value: Any, overlap: int, before: Any) -> None:
    assert watermark.before(value, overlap) == before
    assert watermark.read_like("here", watermark.written(value), value) == value


@pytest.mark.parametrize("value", [1.5, b"\x00\x01", True, "yesterday", Decimal("1.5"), None])
def test_a_watermark_that_cannot_count(value: Any) -> None:
    with pytest.raises(NotFitError, match="here: its watermark is"):
        watermark.known("here", value)


def test_the_runs_moment_as_the_column_says_it() -> None:
    as_at = datetime(2026, 7, 1, 4, tzinfo=timezone.utc)  # noqa: UP017
    local = "Europe/London"
    assert watermark.until(as_at, local, datetime(2026, 1, 1)) == datetime(2026, 7, 1, 5)
    assert watermark.until(as_at, local, datetime(2026, 1, 1, tzinfo=SUMMER)) == as_at
    assert watermark.until(as_at, local, "2026-01-01 00:00:00") == "2026-07-01 05:00:00"
    assert watermark.until(as_at, local, "2026-01-01T00:00:00Z") == "2026-07-01T04:00:00Z"
    assert (watermark.until(as_at, local, date(2026, 1, 1)), watermark.until(as_at, local, 7)) == (
        date(2026, 7, 1),
        None,
    )


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("postgresql+psycopg://pledge:s3cret@cad/cad", "holds a password"),
        ("postgresql+psycopg://cad/cad?password=s3cret", "holds a password"),
        ("mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Ds3cret", "holds a password"),
        ("cad", "address is none"),
        ("sqlite://", "no file is named"),
    ],
)
def test_an_address_that_is_none(url: str, found: str) -> None:
    with pytest.raises(UsageError, match=found) as refused:
        read_sql_connection("here", {"sql": url})
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "no table and no select"),
        ({"table": "a", "select": "select 1"}, "or both"),
        ({"table": "calls; drop table calls"}, "table is"),
        ({"table": 7}, "table is 7"),
        ({"overlap": -1, "table": "a"}, "overlap is -1"),
        ({"since": "2026-01-01", "table": "a"}, "without a watermark"),
        ({"tabel": "a"}, "'tabel' is not known"),
        ({"select": "delete from calls"}, "no single SELECT"),
        ({"select": "select 1; delete from calls"}, "no single SELECT"),
        ({"select": "select 1) as x; delete from calls --"}, "comment"),
        ({"select": "select 1) union (select 2"}, "parentheses"),
        ({"select": "select $$;$$"}, "comment, a backslash or an open quote"),
        ({"select": "select E'\\''; delete from calls; select '"}, "comment, a backslash or an open quote"),
        ({"select": "select 'open"}, "open quote"),
        ({"select": "select /* x */ 1"}, "comment"),
    ],
)
def test_a_query_that_is_none(query: dict[str, Any], found: str) -> None:
    with pytest.raises(UsageError, match=f"here, query: .*{found}"):
        read_sql_query("here", query)


@pytest.mark.parametrize(
    "select", ["select ';', \"a)\" from [b;c]", "WITH x AS (SELECT 1) SELECT * FROM x", "select(1)"]
)
def test_a_query_that_is_one(select: str) -> None:
    assert read_sql_query("here", {"select": select}).select == select


def test_a_line_that_went_silent_is_left() -> None:
    def silent() -> Iterator[int]:
        yield 1
        time.sleep(3)
        yield 2

    came = []
    with pytest.raises(SilentError):
        for part in Watched(silent, 0.2, time.monotonic() + 60):
            came.append(part)
    assert came == [1]


def test_what_fails_in_the_thread_fails_here() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        list(Watched(failing, 5, time.monotonic() + 5))


@pytest.mark.parametrize(
    ("dialect", "said"),
    [
        ("mssql+pyodbc", "the driver mssql"),
        ("oracle+oracledb", "the driver oracle"),
        ("nonesuch", "the driver nonesuch"),
    ],
)
def test_a_driver_that_is_not_installed(postgres_cad: Cad, dialect: str, said: str) -> None:
    postgres_cad.url = f"{dialect}://pledge@cad.norfolk.example/cad"
    with pytest.raises(UsageError, match=said) as refused:
        postgres_cad.fetched(0)
    assert "is not installed" in str(refused.value)


def test_a_secret_that_is_not_set_and_one_that_is_refused(postgres_cad: Cad, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres_cad.connection = {"secret": "NORFOLK_CAD_PASSWORD"}
    with pytest.raises(UsageError, match="secret NORFOLK_CAD_PASSWORD: it is not set"):
        postgres_cad.fetched(0)
    monkeypatch.setenv("NORFOLK_CAD_PASSWORD", "s3cret")
    postgres_cad.connection["sql"] = "postgresql+psycopg://pledge@127.0.0.1:9/cad"
    postgres_cad.url = "postgresql+psycopg://pledge@127.0.0.1:9/cad"
    with pytest.raises(Exception, match="it cannot be reached") as refused:
        postgres_cad.fetched(0)
    assert "s3cret" not in str(refused.value)
