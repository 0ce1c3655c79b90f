"""The local day of a moment is that of the wall clock, whether or not the time-zone library had to be asked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.database import connect
from checks.judging import Window, macros_script, run_script
from checks.zones import offsets

HOUR = 3_600_000_000


@pytest.mark.parametrize(
    "zone",
    ["Europe/London", "Atlantic/Azores", "America/Havana", "Africa/Casablanca", "Pacific/Apia", "Asia/Kolkata", "UTC"],
)
def test_the_local_day_is_the_wall_clocks_in_every_half_hour(zone: str) -> None:
    con = connect()
    con.execute(macros_script() + run_script(Window(datetime(2026, 4, 1, tzinfo=UTC)), {"norfolk": zone}))
    moments = "generate_series(timestamp '2010-01-01', timestamp '2027-01-01', interval 30 minutes) as t (moment)"
    differing = con.execute(
        f"select moment from {moments}, zones "
        "where local_day_of(moment, zone, least_us, greatest_us) is distinct from wall_clock(moment, zone)::date"
    )
    assert differing.fetchall() == []


def test_the_offsets_of_british_time() -> None:
    assert offsets("Europe/London") == {"least_us": 0, "greatest_us": HOUR}
    assert offsets("Asia/Kolkata") == {"least_us": 11 * HOUR // 2, "greatest_us": 11 * HOUR // 2}
