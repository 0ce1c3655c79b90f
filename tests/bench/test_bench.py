"""The bench compares like with like: what its contenders count is the same, and its tables reach the README."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import bare_duckdb, data, ours, plain_pandas, profile
from tests.bench.measured import Cost, typical
from tests.bench.report import BEGIN, END, Section, aim, write_into_readme
from tests.bench.sections import _must_agree


def test_ours_bare_duckdb_and_pandas_count_the_same_and_the_profile_names_every_kind_of_work(tmp_path: Path) -> None:
    data.write(data.SIZES["tiny"], tmp_path / "in")
    counts = {name: tmp_path / f"{name}.parquet" for name in ("duckdb", "pandas", "ours", "pandas_judge")}
    bare_duckdb.main("whole", str(tmp_path / "in"), str(counts["duckdb"]), str(_made(tmp_path / "kept")))
    plain_pandas.main("whole", str(tmp_path / "in"), str(counts["pandas"]), str(_made(tmp_path / "kept_by_pandas")))
    files = {log: sorted(map(str, (tmp_path / "kept" / log).rglob("*.parquet"))) for log in data.LOGS}
    (tmp_path / "files.json").write_text(json.dumps(files), "utf-8")
    ours.main(str(tmp_path / "files.json"), str(counts["ours"]))
    plain_pandas.main("judge", str(tmp_path / "files.json"), str(counts["pandas_judge"]))
    _must_agree(list(counts.values()))
    lines = profile.told(tmp_path / "files.json").splitlines()
    assert {profile.COUNTING, profile.JUDGING, profile.READING, profile.KEEPING, profile.REST} == {
        line.split("|")[1].strip() for line in lines[2:-1]
    }


def test_contenders_that_differ_stop_the_bench(tmp_path: Path) -> None:
    data.write(data.SIZES["tiny"], tmp_path / "in")
    whole, part = tmp_path / "whole.parquet", tmp_path / "part.parquet"
    bare_duckdb.main("whole", str(tmp_path / "in"), str(whole), str(_made(tmp_path / "kept")))
    lines = (tmp_path / "in" / "calls.csv").read_text("utf-8").splitlines()
    (tmp_path / "in" / "calls.csv").write_text("\n".join(lines[:-1]), "utf-8")
    bare_duckdb.main("whole", str(tmp_path / "in"), str(part), str(_made(tmp_path / "again")))
    with pytest.raises(SystemExit, match="whole and part differ"):
        _must_agree([whole, part])


def test_only_what_stands_between_the_markers_is_replaced(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", "utf-8")
    cost = typical([Cost(1, 2, 30), Cost(3, 4, 50), Cost(2, 9, 40)])
    section = Section("A title", [("ours", cost)], [aim("Ours beside another", 1.5, 1.2)], 3)
    write_into_readme(readme, [section])
    text = readme.read_text("utf-8")
    assert text.startswith(f"before\n{BEGIN}\nMeasured on ") and text.endswith(f"{END}\nafter\n")
    assert "| ours | 2.0 | 4.0 | 40 |" in text and "old" not in text
    assert "at most 1.2 ×, found 1.50 ×; missed by 25%." in text
    readme.write_text("no markers", "utf-8")
    with pytest.raises(ValueError, match="has no lines"):
        write_into_readme(readme, [section])


def test_the_readme_has_a_place_for_the_tables() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert text.count(BEGIN) == text.count(END) == 1


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
