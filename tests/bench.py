"""`make bench`: one night of calls through the product, beside the same counting in plain pandas and bare DuckDB.

Each contender is a process of its own, run one after the other in one go; wall time and peak memory are the
operating system's. The others only read, judge and count: no quarantine, no history, no verdict, nothing kept. What is
worth comparing are the ratios.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import duckdb

SIZES = (100_000, 3_000_000)
DAYS = 60

_LOGS = """
copy (
    select
        'c' || i as call_id, 'norfolk' as force, 'A' || (i % 4) as area,
        case when i % 3 = 0 then '999' else '101' end as line, 'public' as kind, '' as dialled_at,
        strftime(received, '%Y-%m-%dT%H:%M:%SZ') as received_at,
        case when i % 20 <> 0 then strftime(received + to_seconds(hash(i) % 12), '%Y-%m-%dT%H:%M:%SZ') else '' end
            as answered_at,
        case when i % 20 = 0 then strftime(received + to_seconds(20), '%Y-%m-%dT%H:%M:%SZ') else '' end as abandoned_at,
        strftime(received + to_seconds(100), '%Y-%m-%dT%H:%M:%SZ') as ended_at
    from (
        select
            i,
            timestamp '2026-02-15' + to_microseconds((i * {days} * 86400000000::hugeint / {rows})::bigint) as received
        from range({rows}) as t (i)
    )
) to '{path}' (header)
"""

_DUCKDB = """
import duckdb, sys
con = duckdb.connect()
con.execute("set TimeZone = 'UTC'")
print(len(con.execute('''
    with calls as (
        select *, (received_at at time zone 'Europe/London')::date as day,
            line = '999' as emergency, case when line = '999' then interval 10 second else interval 30 second end as due
        from read_csv(?, types = {'received_at': 'timestamptz', 'answered_at': 'timestamptz',
            'abandoned_at': 'timestamptz', 'ended_at': 'timestamptz', 'line': 'varchar', 'dialled_at': 'timestamptz'})
    ),
    judged as (
        select *, case
            when answered_at - received_at <= due then 'met' when answered_at is not null then 'missed'
            when abandoned_at - received_at <= due then 'excluded' when abandoned_at is not null then 'missed'
            else 'unknown' end as state
        from calls
    )
    select emergency, area, day, date_trunc('month', day), state, count(*),
        quantile_cont(epoch_us(answered_at) - epoch_us(received_at), 0.9)
    from judged
    group by grouping sets ((emergency, day, state), (emergency, area, day, state),
        (emergency, date_trunc('month', day), state), (emergency, area, date_trunc('month', day), state))
''', [sys.argv[1]]).fetchall()))
"""

_PANDAS = """
import numpy as np, pandas as pd, sys
calls = pd.read_csv(sys.argv[1], dtype={'line': str})
for name in ('received_at', 'answered_at', 'abandoned_at', 'ended_at'):
    calls[name] = pd.to_datetime(calls[name], format='ISO8601', utc=True)
due = pd.to_timedelta(np.where(calls['line'] == '999', 10, 30), unit='s')
took, gone = calls['answered_at'] - calls['received_at'], calls['abandoned_at'] - calls['received_at']
calls['state'] = np.select([took <= due, took.notna(), gone <= due, gone.notna()],
    ['met', 'missed', 'excluded', 'missed'], 'unknown')
local = calls['received_at'].dt.tz_convert('Europe/London').dt.tz_localize(None)
calls['day'], calls['month'], calls['seconds'] = local.dt.floor('D'), local.dt.to_period('M'), took.dt.total_seconds()
calls['emergency'] = calls['line'] == '999'
for period in ('day', 'month'):
    for level in ([], ['area']):
        keys = ['emergency', *level, period, 'state']
        print(len(calls.groupby(keys).size()), len(calls.groupby(keys[:-1])['seconds'].quantile(0.9)))
"""


def main() -> None:
    """Print one table for each size."""
    with tempfile.TemporaryDirectory(prefix="pledge-bench-") as name:
        for rows in SIZES:
            folder = Path(name) / str(rows)
            (folder / "in").mkdir(parents=True)
            calls = folder / "in" / "calls.csv"
            duckdb.connect().execute(_LOGS.format(rows=rows, days=DAYS, path=calls))
            print(f"\n{rows:,} calls over {DAYS} days ({calls.stat().st_size / 1e6:.0f} MB of CSV)")
            print(f"{'':24}{'seconds':>9}{'rows/s':>12}{'peak MB':>9}{'time':>8}{'memory':>8}")
            store = ["--lake", f"{folder}/lake", "--store", f"sqlite:///{folder}/pledge.sqlite"]
            night = [str(Path(sys.executable).with_name("pledge")), "run", "--input", f"{folder}/in", *store]
            night += ["--as-at", "2026-04-20T06:00:00Z"]
            contenders = {
                "bare DuckDB": [sys.executable, "-c", _DUCKDB, str(calls)],
                "plain pandas": [sys.executable, "-c", _PANDAS, str(calls)],
                "pledge run, first": night,
                "pledge run, again": night,
            }
            least: tuple[float, float] | None = None
            for contender, command in contenders.items():
                seconds, megabytes = _measured(command)
                least = least or (seconds, megabytes)
                times = f"{seconds / least[0]:>7.1f}x{megabytes / least[1]:>7.1f}x"
                print(f"{contender:24}{seconds:>9.1f}{rows / seconds:>12,.0f}{megabytes:>9,.0f}{times}", flush=True)


def _measured(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak resident megabytes of a process; stops when it fails."""
    started = time.monotonic()
    with Path(os.devnull).open("w") as nothing:
        process = os.posix_spawn(
            command[0],
            command,
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, nothing.fileno(), 1), (os.POSIX_SPAWN_DUP2, nothing.fileno(), 2)],
        )
        _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{command[:2]}: ended with {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - started, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
