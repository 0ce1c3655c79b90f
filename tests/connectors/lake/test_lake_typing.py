"""The typing door: which texts are which values, and which are named a trouble."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from checks.logs import LOGS, Kind
from connectors.lake.typing import AMBIGUOUS, NONEXISTENT, UNREADABLE, typed
from connectors.sources.local_time import LocalTime

# A column of each kind, as (log, column).
COLUMN = {
    Kind.MOMENT: ("calls", "received_at"),
    Kind.DATE: ("surveys", "answered_on"),
    Kind.MONTH: ("updates", "covers_month"),
    Kind.TIME: ("agreed_hours", "from_time"),
    Kind.WEEKDAY: ("agreed_hours", "weekday"),
    Kind.COUNT: ("meetings", "attendance"),
    Kind.FLAG: ("meetings", "held"),
    Kind.SLUG: ("calls", "force"),
    Kind.TEXT: ("calls", "call_id"),
}


def read(kind: Kind, texts: list[str | None], local: LocalTime | None = None, empty: tuple[str, ...] = ()) -> list:
    """Each text's value, or the name of its trouble, or None where it is empty."""
    log, column = COLUMN[kind]
    rows = pa.table({"row_number": range(1, len(texts) + 1), column: pa.array(texts, pa.string())})
    out = typed(LOGS[log], rows, local or LocalTime(), empty)
    assert out["row_number"].to_pylist() == list(range(1, len(texts) + 1))
    values, troubles = out[column].to_pylist(), out[f"{column}__trouble"].to_pylist()
    assert not any(value is not None and trouble for value, trouble in zip(values, troubles, strict=True))
    return [value if trouble is None else trouble for value, trouble in zip(values, troubles, strict=True)]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Delivered text (its local zone is London's) -> the instant in UTC.
MOMENTS = """
2026-03-01T22:05:09+00:00          -> 2026-03-01T22:05:09
2026-03-01T22:05:09Z               -> 2026-03-01T22:05:09
2026-03-01t22:05:09z               -> unreadable
2026-03-01T22:05:09z               -> 2026-03-01T22:05:09
2026-03-01 22:05:09 Z              -> 2026-03-01T22:05:09
2026-03-01T22:05:09+01             -> 2026-03-01T21:05:09
2026-03-01T22:05:09+0100           -> 2026-03-01T21:05:09
2026-03-01T22:05:09+01:00          -> 2026-03-01T21:05:09
2026-03-01 22:05:09 +01:00         -> 2026-03-01T21:05:09
2026-03-01 22:05:09 -0530          -> 2026-03-02T03:35:09
2026-03-01T22:05:09-05:30          -> 2026-03-02T03:35:09
2026-03-01T22:05:09-08             -> 2026-03-02T06:05:09
2026-03-01T22:05:09+14:00          -> 2026-03-01T08:05:09
2026-03-01T22:05:09+00             -> 2026-03-01T22:05:09
2026-07-01T22:05:09+00             -> 2026-07-01T22:05:09
2026-03-01T22:05+01:00             -> 2026-03-01T21:05:00
2026-03-01 22:05Z                  -> 2026-03-01T22:05:00
2026-03-01T22:05:09.25+01:00       -> 2026-03-01T21:05:09.250000
2026-03-01 22:05:09                -> 2026-03-01T22:05:09
2026-03-01T22:05:09                -> 2026-03-01T22:05:09
2026-07-01 22:05:09                -> 2026-07-01T21:05:09
2026-07-01 22:05                   -> 2026-07-01T21:05:00
2026-07-01                         -> 2026-06-30T23:00:00
2026-03-01                         -> 2026-03-01T00:00:00
2026-03-29                         -> 2026-03-29T00:00:00
2026-03-30                         -> 2026-03-29T23:00:00
2026-10-25                         -> 2026-10-24T23:00:00
2026-10-26                         -> 2026-10-26T00:00:00
2026-03-01 22:05:09.123456         -> 2026-03-01T22:05:09.123456
2026-03-01 22:05:09.1234567        -> 2026-03-01T22:05:09.123456
2026-03-01 22:05:09.999999999      -> 2026-03-01T22:05:09.999999
2026-03-01T22:05:09.123456789Z     -> 2026-03-01T22:05:09.123456
2026-03-01 22:05:09.1234567890     -> unreadable
2024-02-29 12:00                   -> 2024-02-29T12:00:00
2026-02-29 12:00                   -> unreadable
2026-04-31                         -> unreadable
2026-13-01                         -> unreadable
2026-03-01 24:00                   -> unreadable
2026-03-01 24:00:00                -> unreadable
2026-03-01 22:60                   -> unreadable
2026-03-01 22:05:60                -> unreadable
2026-03-01 2:05                    -> unreadable
2026-3-1 22:05                     -> unreadable
2026-03-01 22                      -> unreadable
2026-03-01T22:05:09+24:00          -> unreadable
2026-03-01T22:05:09+16             -> unreadable
2026-03-01T22:05:09+1              -> unreadable
2026-03-01T22:05:09+01:60          -> unreadable
2026-03-01T22:05:09 UTC            -> unreadable
2026-03-01T22:05:09[Europe/London] -> unreadable
2026-03-01+01:00                   -> unreadable
2026-03-01 22:05:09 PM             -> unreadable
2026-03-01 10:05:09 PM             -> unreadable
03/01/2026 10:05:09 PM             -> unreadable
03/01/2026 22:05:09 PM             -> unreadable
01/03/2026 22:05                   -> unreadable
13/01/2026                         -> unreadable
01.03.2026 22:05                   -> unreadable
20260301220509                     -> unreadable
20260301                           -> unreadable
1772402709                         -> unreadable
46082.92                           -> unreadable
22:05:09                           -> unreadable
0:00:00                            -> unreadable
00:00:00                           -> unreadable
24:00                              -> unreadable
2400                               -> unreadable
9999                               -> unreadable
#VALUE!                            -> unreadable
NULL                               -> unreadable
-                                  -> unreadable
yesterday                          -> unreadable
now                                -> unreadable
epoch                              -> unreadable
infinity                           -> unreadable
2026-03-01 22:05:09 and a half     -> unreadable
0000-01-01                         -> unreadable
0001-01-01                         -> 0001-01-01T00:01:15
9999-12-31                         -> 9999-12-31T00:00:00
9999-12-31 23:59:59.999999         -> 9999-12-31T23:59:59.999999
9999-12-31T23:59:59-10:00          -> unreadable
0001-01-01T00:00:00+10:00          -> unreadable
10000-01-01                        -> unreadable
"""


def _table(text: str) -> list[tuple[str, str]]:
    return [tuple(part.strip() for part in line.split("->")) for line in text.strip().splitlines()]  # type: ignore[misc]


def test_moments_of_every_form_in_one_column() -> None:
    table = _table(MOMENTS)
    expected = [said if said == UNREADABLE else utc(said) for _, said in table]
    found = read(Kind.MOMENT, [None, *(text for text, _ in table), ""])
    assert dict(zip(table, found[1:-1], strict=True)) == dict(zip(table, expected, strict=True))
    assert (found[0], found[-1]) == (None, None)


@pytest.mark.parametrize("text", ["9999-12-31", "0001-01-01 00:00", "9999-12-31 23:59:59.999999"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "Asia/Tokyo", "Pacific/Niue"])
def test_the_ends_of_the_calendar_never_crash(zone: str, text: str) -> None:
    (found,) = read(Kind.MOMENT, [text], LocalTime(zone))
    assert found == UNREADABLE or isinstance(found, datetime)


VALUES: dict[Kind, dict[object, list[str]]] = {
    Kind.DATE: {
        date(2026, 3, 1): ["2026-03-01", "2026-03-01 00:00:00", "2026-03-01T00:00", "2026-03-01T00:00:00.000"],
        date(9999, 12, 31): ["9999-12-31"],
        date(1, 1, 1): ["0001-01-01"],
        UNREADABLE: ["2026-02-30", "0000-01-01", "01/03/2026", "03/13/2026", "2026-03-01 00:00:01", "46082", "2400"],
    },
    Kind.MONTH: {
        "2026-03": ["2026-03"],
        UNREADABLE: ["2026-13", "2026-00", "2026-3", "03/2026", "March 2026", "2026-03-01"],
    },
    Kind.TIME: {
        "22:05": ["22:05", "22:05:00", "22:05:00.0"],
        "22:05:09": ["22:05:09"],
        "00:00": ["00:00", "00:00:00"],
        "24:00": ["24:00", "24:00:00"],
        UNREADABLE: ["24:01", "2400", "0:00:00", "9:00", "22:60", "10 PM", "22:05 PM", "22", "25:00", "22:05:09.5"],
    },
    Kind.WEEKDAY: {
        "monday": ["monday", "Monday", "MON", "1"],
        "sunday": ["sunday", "Sun", "7"],
        UNREADABLE: ["0", "8", "Montag", "mo", "1.0"],
    },
    Kind.COUNT: {
        0: ["0", "000", "0.0"],
        3: ["3", "03", "3.0"],
        9999: ["9999"],
        999_999_999: ["999999999"],
        UNREADABLE: ["-1", "3.5", "1,000", "1e3", "three", "#VALUE!", "NULL", "1234567890", "3 people", "0x1F", "٣"],
    },
    Kind.FLAG: {
        True: ["true", "TRUE", "True", "t", "yes", "Y", "1", "1.0"],
        False: ["false", "FALSE", "f", "no", "N", "0", "0.0"],
        UNREADABLE: ["2", "-1", "oui", "NULL", "#N/A", "on", "x", "01"],
    },
    Kind.SLUG: {
        "norfolk": ["norfolk"],
        "avon-and-somerset": ["avon-and-somerset"],
        "london_fire": ["london_fire"],
        UNREADABLE: ["Norfolk", "all", "nor folk", "-norfolk", "norfolk/..", "../norfolk", "nörfolk", "NULL", "n" * 65],
    },
    Kind.TEXT: {
        "00123": ["00123"],
        "9999": ["9999"],
        "<b>O'Neill & Söhne</b>": ["<b>O'Neill & Söhne</b>"],
        'a "quoted", text': ['a "quoted", text'],
        "nullable": ["nullable"],
        "#1": ["#1"],
        UNREADABLE: ["NULL", "null", "#VALUE!", "#N/A", "#REF!", "#NAME?", "#DIV/0!", "#NUM!"],
    },
}


@pytest.mark.parametrize("kind", list(VALUES))
def test_value(kind: Kind) -> None:
    wanted = [(text, value) for value, texts in VALUES[kind].items() for text in texts]
    found = read(kind, [text for text, _ in wanted])
    assert dict(zip((text for text, _ in wanted), found, strict=True)) == dict(wanted)


@pytest.mark.parametrize("kind", list(COLUMN))
def test_nothing_but_white_space_is_empty(kind: Kind) -> None:
    assert read(kind, [None, "", " ", "\t\r\n", "\u00a0", "\u00a0 \u202f"]) == [None] * 6


@pytest.mark.parametrize("kind", list(COLUMN))
def test_white_space_around_a_value_is_no_part_of_it(kind: Kind) -> None:
    value, texts = ("2026-03-01T22:05:09Z", []) if kind is Kind.MOMENT else next(iter(VALUES[kind].items()))
    text = texts[0] if texts else str(value)
    plain, spaced = read(kind, [text, f"\u00a0 {text}\u00a0\t\r"])
    assert plain == spaced
    assert plain not in (None, UNREADABLE)


def test_a_non_breaking_space_inside_a_moment_is_not_guessed_at() -> None:
    assert read(Kind.MOMENT, ["2026-03-01\u00a022:05"]) == [UNREADABLE]


@pytest.mark.parametrize(
    ("kind", "text"), [(Kind.MOMENT, "0:00:00"), (Kind.COUNT, "9999"), (Kind.TEXT, "NULL"), (Kind.FLAG, "n/k")]
)
def test_what_a_source_states_to_mean_empty_is_empty(kind: Kind, text: str) -> None:
    assert read(kind, [text, f" {text} ", text + "9"], empty=(text,))[:2] == [None, None]
    assert read(kind, [text], empty=("other",)) != [None]


def test_only_delivered_columns_come_out_and_others_never_do() -> None:
    rows = pa.table({"row_number": [1], "caller_name": ["Ann"], "line": ["999"], "call_id": ["c1"]})
    assert typed(LOGS["calls"], rows, LocalTime()).column_names == [
        "row_number",
        "call_id",
        "call_id__trouble",
        "line",
        "line__trouble",
    ]


def test_no_rows_and_no_columns() -> None:
    nothing = pa.table({"row_number": pa.array([], pa.int64()), "received_at": pa.array([], pa.string())})
    assert typed(LOGS["calls"], nothing, LocalTime()).num_rows == 0
    foreign = pa.table({"row_number": [1, 2], "name": ["a", "b"]})
    assert typed(LOGS["calls"], foreign, LocalTime()).to_pydict() == {"row_number": [1, 2]}


# Zone, wall clock -> what refuse, earlier and later make of it (UTC).
CLOCK_CHANGES = """
Europe/London         2026-03-29 00:59:59.999999 -> 2026-03-29T00:59:59.999999
Europe/London         2026-03-29 01:00           -> nonexistent  2026-03-29T00:00 2026-03-29T01:00
Europe/London         2026-03-29 01:30           -> nonexistent  2026-03-29T00:30 2026-03-29T01:30
Europe/London         2026-03-29 02:00           -> 2026-03-29T01:00
Europe/London         2026-10-25 00:59:59        -> 2026-10-24T23:59:59
Europe/London         2026-10-25 01:00           -> ambiguous    2026-10-25T00:00 2026-10-25T01:00
Europe/London         2026-10-25 01:59:59.999999 -> ambiguous    2026-10-25T00:59:59.999999 2026-10-25T01:59:59.999999
Europe/London         2026-10-25 02:00           -> 2026-10-25T02:00
Europe/London         2040-03-25 01:30           -> nonexistent  2040-03-25T00:30 2040-03-25T01:30
Europe/London         2040-10-28 01:30           -> ambiguous    2040-10-28T00:30 2040-10-28T01:30
America/Los_Angeles   2026-03-08 02:30           -> nonexistent  2026-03-08T09:30 2026-03-08T10:30
America/Los_Angeles   2026-11-01 01:30           -> ambiguous    2026-11-01T08:30 2026-11-01T09:30
Australia/Lord_Howe   2026-04-05 01:45           -> ambiguous    2026-04-04T14:45 2026-04-04T15:15
Australia/Lord_Howe   2026-04-05 01:15           -> 2026-04-04T14:15
Australia/Lord_Howe   2026-10-04 02:15           -> nonexistent  2026-10-03T15:15 2026-10-03T15:45
Australia/Lord_Howe   2026-10-04 02:30           -> 2026-10-03T15:30
Pacific/Auckland      2026-04-05 02:30           -> ambiguous    2026-04-04T13:30 2026-04-04T14:30
Pacific/Auckland      2026-09-27 02:30           -> nonexistent  2026-09-26T13:30 2026-09-26T14:30
Africa/Cairo          2026-04-24                 -> nonexistent  2026-04-23T21:00 2026-04-23T22:00
Asia/Kolkata          2026-03-29 01:30           -> 2026-03-28T20:00
Pacific/Apia          2011-12-30 12:00           -> nonexistent  2011-12-29T22:00 2011-12-30T22:00
"""


@pytest.mark.parametrize("line", CLOCK_CHANGES.strip().splitlines())
def test_clock_change(line: str) -> None:
    where, _, said = line.partition("->")
    zone, wall = where.split(maxsplit=1)
    words = said.split()
    if len(words) == 1:
        expected = dict.fromkeys(("refuse", "earlier", "later"), utc(words[0]))
    else:
        trouble = NONEXISTENT if words[0] == "nonexistent" else AMBIGUOUS
        expected = {"refuse": trouble, "earlier": utc(words[1]), "later": utc(words[2])}
    found = {rule: read(Kind.MOMENT, [wall.strip()], LocalTime(zone, rule, rule))[0] for rule in expected}
    assert found == expected


def test_the_two_rules_are_independent() -> None:
    walls = ["2026-03-29 01:30", "2026-10-25 01:30"]
    assert read(Kind.MOMENT, walls, LocalTime(ambiguous="later")) == [NONEXISTENT, utc("2026-10-25T01:30")]
    assert read(Kind.MOMENT, walls, LocalTime(nonexistent="later")) == [utc("2026-03-29T01:30"), AMBIGUOUS]


def test_an_offset_decides_inside_the_odd_hours() -> None:
    texts = ["2026-10-25 01:30+01:00", "2026-10-25 01:30", "2026-10-25 01:30+00:00", "2026-03-29T01:30Z"]
    assert read(Kind.MOMENT, texts) == [
        utc("2026-10-25T00:30"),
        AMBIGUOUS,
        utc("2026-10-25T01:30"),
        utc("2026-03-29T01:30"),
    ]
