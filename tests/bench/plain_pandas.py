"""Plain pandas, as a good analyst writes it: vectors, categories, no loop over rows. The same questions as bare DuckDB.

python -m tests.bench.plain_pandas judge FILES COUNTS          from admitted Parquet
python -m tests.bench.plain_pandas whole FOLDER COUNTS KEPT    from the delivered CSV: type, refuse, keep, judge
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from pyarrow.dataset import dataset

from checks.logs import LOGS, Column, Kind, Log
from tests.bench import data
from tests.bench.asked import AS_AT, COLUMNS, NEEDED, PLACE, STATES, files_in

ZONE = "Europe/London"
Frames = dict[str, pd.DataFrame]
FACT = [
    "measure",
    "case_id",
    "force",
    "area",
    "neighbourhood",
    "started",
    "stopped",
    "ended",
    "due",
    "closed",
    "exclusion",
    "bad",
]


def admit(folder: Path, kept: Path) -> tuple[Frames, int]:
    """Type the delivered CSV, refuse rows, keep the others as Parquet by force and month; and how many are refused."""
    frames, refused = {}, 0
    for name in data.LOGS:
        log = LOGS[name]
        raw = pd.read_csv(folder / f"{name}.csv", dtype=str)
        typed, bad = _typed(log, raw)
        keys = list(log.keys)
        repeated = raw.duplicated(keep="first")
        conflicting = raw[~repeated].duplicated(keys, keep=False).reindex(raw.index, fill_value=False)
        refused += int((bad | conflicting).sum())
        whole = typed[~(bad | repeated | conflicting)]
        month = whole[log.dated_by].dt.strftime("%Y-%m")
        whole.assign(month=month).to_parquet(kept / name, partition_cols=["force", "month"], compression="zstd")
        frames[name] = whole
    return frames, refused


def _typed(log: Log, raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    typed, bad = {}, pd.Series(False, index=raw.index)
    for name in raw.columns:
        column, text = log.by_name[name], raw[name]
        typed[name] = value = _value(column, text)
        bad |= value.isna() & text.notna()
        if column.required:
            bad |= value.isna()
        if column.values:
            bad |= value.notna() & ~value.isin(column.values)
        if column.kind is Kind.MOMENT:
            bad |= value < pd.Timestamp("1990-01-01", tz="UTC")
            if not column.planned:
                bad |= value > AS_AT
    return pd.DataFrame(typed), bad


def _value(column: Column, text: pd.Series) -> pd.Series:
    if column.kind is Kind.MOMENT:
        return pd.to_datetime(text, format="%Y-%m-%dT%H:%M:%SZ", utc=True, errors="coerce")
    if column.kind is Kind.COUNT:
        return pd.to_numeric(text, errors="coerce")
    if column.kind is Kind.FLAG:
        return text.map({"true": True, "false": False}).astype("boolean")
    return text


def read(files: dict[str, list[str]]) -> Frames:
    """The columns that are needed of admitted Parquet."""
    return {
        name: dataset(files[name], format="parquet", partitioning="hive").to_table(columns.split()).to_pandas()
        for name, columns in NEEDED.items()
    }


def facts(frames: Frames) -> pd.DataFrame:
    """Every case of the bench's measures: where, its clocks and its limit."""
    of = [_called(frames["calls"]), _attended(frames["incidents"]), _written(frames["messages"])]
    return pd.concat([*of, _updated(frames["victim_cases"], frames["victim_contacts"])], ignore_index=True)


def _known(times: pd.Series) -> pd.Series:
    return times.where(times <= AS_AT)


def _called(calls: pd.DataFrame) -> pd.DataFrame:
    calls = calls[calls["received_at"] <= AS_AT]
    emergency = calls["line"] == "999"
    stopped, ended = _known(calls["answered_at"]), _known(calls["abandoned_at"])
    return calls.assign(
        measure=np.where(emergency, "answer_999", "answer_non_emergency"),
        case_id=calls["call_id"],
        neighbourhood=None,
        started=calls["received_at"],
        stopped=stopped,
        ended=ended,
        due=calls["received_at"] + pd.to_timedelta(np.where(emergency, 10, 30), unit="s"),
        closed=_known(calls["ended_at"]).notna(),
        exclusion=calls["kind"].isin(["test", "phantom", "dropped"]),
        bad=(stopped < calls["received_at"]) | (ended < calls["received_at"]),
    )[FACT]


def _attended(incidents: pd.DataFrame) -> pd.DataFrame:
    grade, yes = incidents["grade_first"], {n: incidents[n].eq(True) for n in ("vulnerable", "neighbourhood_priority")}
    conditions = [grade == "emergency", yes["vulnerable"].fillna(False), yes["neighbourhood_priority"].fillna(False)]
    measure = np.select(
        [np.asarray(each, bool) for each in conditions],
        ["attend_emergency", "attend_vulnerable", "attend_priority"],
        "",
    )
    chosen = (incidents["received_at"] <= AS_AT) & (grade != "resolution_without_deployment") & (measure != "")
    given = incidents.assign(measure=measure)[chosen]
    minutes = np.select([given["grade_first"] != "emergency", given["setting_first"] == "rural"], [60, 20], 15)
    stopped = _known(given["arrived_at"])
    return given.assign(
        case_id=given["incident_id"],
        started=given["received_at"],
        stopped=stopped,
        ended=_known(given["cancelled_at"]),
        due=given["received_at"] + pd.to_timedelta(minutes, unit="m"),
        closed=_known(given["closed_at"]).notna(),
        exclusion=given["origin"].isin(["test", "officer"]) | given["duplicate_of"].notna(),
        bad=stopped < given["received_at"],
    )[FACT]


def _written(messages: pd.DataFrame) -> pd.DataFrame:
    messages = messages[messages["received_at"] <= AS_AT]
    stopped = _known(messages["responded_at"])
    return messages.assign(
        measure="message_answered",
        case_id=messages["message_id"],
        started=messages["received_at"],
        stopped=stopped,
        ended=pd.Series(pd.NaT, messages.index, dtype=stopped.dtype),
        due=messages["received_at"] + pd.Timedelta(hours=24),
        closed=False,
        exclusion=(messages["kind"] == "test")
        | messages["duplicate_of"].notna()
        | messages["reply_needed"].eq(False).fillna(False),
        bad=stopped < messages["received_at"],
    )[FACT]


def _updated(cases: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    key = ["force", "crime_id"]
    cases = cases[cases["opened_at"] <= AS_AT]
    cases = cases.assign(closed_at=_known(cases["closed_at"]))
    met = contacts.merge(cases[[*key, "opened_at", "closed_at"]], on=key)
    inside = met["contacted_at"].gt(met["opened_at"]) & met["contacted_at"].le(met["closed_at"].fillna(AS_AT))
    met = met[inside & met["contacted_at"].le(AS_AT)]
    moments = pd.concat(
        [cases[[*key, "opened_at"]].set_axis([*key, "started"], axis=1),
         met[[*key, "contacted_at"]].set_axis([*key, "started"], axis=1)]
    ).drop_duplicates().sort_values([*key, "started"])  # fmt: skip
    moments["stopped"] = moments.groupby(key)["started"].shift(-1)
    cut = moments.merge(cases, on=key)
    cut = cut[(cut["started"] == cut["opened_at"]) | (cut["started"] < cut["closed_at"]) | cut["closed_at"].isna()]
    endings = [cut["closed_at"], _known(cut["updates_declined_at"]), _known(cut["update_until"])]
    return cut.assign(
        measure="victim_updated",
        case_id=cut["crime_id"] + "/" + cut["started"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        ended=pd.concat(endings, axis=1).min(axis=1),
        due=_calendar_later(cut["started"], cut["update_every_days"].astype("float").fillna(0)),
        closed=False,
        exclusion=False,
        bad=(cut["closed_at"] < cut["opened_at"]).fillna(False),
    )[FACT]


def _calendar_later(started: pd.Series, days: pd.Series) -> pd.Series:
    """So many local days later, or a local month, clipped to its last day, where that is 0; the same wall clock."""
    wall = started.dt.tz_convert(ZONE).dt.tz_localize(None)
    midnight = wall.dt.normalize()
    first = midnight.dt.to_period("M").dt.to_timestamp() + pd.DateOffset(months=1)
    day = np.minimum(wall.dt.day, first.dt.days_in_month)
    in_a_month = first + pd.to_timedelta(day - 1, unit="D")
    later = in_a_month.where(days <= 0, midnight + pd.to_timedelta(days, unit="D")) + (wall - midnight)
    return later.dt.tz_localize(ZONE, ambiguous=False, nonexistent="shift_forward").dt.tz_convert("UTC")


def count(cases: pd.DataFrame) -> pd.DataFrame:
    """The state of every case, and how many there are of each, by place and period."""
    stopped, ended, due = cases["stopped"], cases["ended"], cases["due"]
    by_stop = stopped.notna() & ~(ended < stopped)
    by_end = ended.notna() & ~by_stop
    state = np.select(
        [cases["exclusion"], cases["bad"], by_end & (ended <= due), by_end, by_stop & (stopped <= due), by_stop,
         cases["closed"], due >= AS_AT],
        ["excluded", "unknown", "excluded", "missed", "met", "missed", "unknown", "pending"], "missed",
    )  # fmt: skip
    day = cases["started"].dt.tz_convert(ZONE).dt.tz_localize(None).dt.normalize()
    timed = by_stop & np.isin(state, ["met", "missed"])
    table = pd.DataFrame(
        {
            **{name: cases[name].astype("category") for name in ("measure", "force", "area", "neighbourhood")},
            "day": day,
            "month": day.dt.to_period("M").dt.to_timestamp(),
            "year": day.dt.to_period("Y").dt.to_timestamp(),
            "state": pd.Categorical(state, STATES),
            "seconds": (stopped - cases["started"]).dt.total_seconds().where(timed),
        }
    )
    levels = ([], ["force"], ["force", "area"], ["force", "area", "neighbourhood"])
    found = [_of(table, list(level), period) for level in levels for period in ("day", "month", "year")]
    return pd.concat(found, ignore_index=True)[list(COLUMNS)]


def _of(table: pd.DataFrame, level: list[str], period: str) -> pd.DataFrame:
    keys = ["measure", *level, period]
    states = table.groupby([*keys, "state"], observed=True).size().unstack(fill_value=0)
    grouped = table.groupby(keys, observed=True)["seconds"]
    quantiles = grouped.quantile([0.5, 0.9]).unstack().set_axis(["p50_seconds", "p90_seconds"], axis=1)
    found = states.reindex(columns=STATES, fill_value=0).join(quantiles).reset_index()
    found = found.rename(columns={period: "period_start"}).assign(period=period)
    for name in PLACE[:3]:
        found[name] = found[name].astype(str) if name in found else ("all" if name == "force" else "")
    return found.assign(measure=found["measure"].astype(str))


def main(mode: str, given: str, counts: str, kept: str = "") -> None:
    if mode == "judge":
        frames = read(files_in(Path(given)))
    else:
        frames, refused = admit(Path(given), Path(kept))
        print(refused)
    count(facts(frames)).to_parquet(counts)


if __name__ == "__main__":
    main(*sys.argv[1:])
