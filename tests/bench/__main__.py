"""`make bench`: speed and memory of the product beside bare DuckDB, plain pandas and Great Expectations (GX) alone.

    python -m tests.bench [--size national|3m|gx|30m|reading]… [--repeats N] [--folder DIR] [--write]
    python -m tests.bench --profile [--size 3m]    where the time of judging goes, beside bare DuckDB's

Contenders are processes of their own and take turns (A, B, C, A, B, C …); what is shown are medians. Where several do
the same work their counts are compared first: the bench stops where they differ. `--write` puts the tables of the sizes
run into README.md. Without --size all are run, which takes about 25 minutes and 20 GB of disk.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import data, profile
from tests.bench.report import Section, write_into_readme
from tests.bench.sections import ONLY_BY_NAME, SECTIONS, admitted

README = Path(__file__).parents[2] / "README.md"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--size", action="append", choices=list(SECTIONS), help="what to run; repeatable")
    parser.add_argument("--repeats", type=int, default=0, help="how often each contender runs")
    parser.add_argument("--folder", help="where data are made, some 20 GB for 30m; removed at the end")
    parser.add_argument("--write", action="store_true", help="put the tables into README.md")
    parser.add_argument("--profile", action="store_true", help="where the processor's time goes, of one size")
    asked = parser.parse_args(arguments)
    if asked.folder:
        Path(asked.folder).mkdir(parents=True, exist_ok=True)
    if asked.profile:
        size = data.SIZES.get((asked.size or ["3m"])[0])
        if size is None:
            parser.error(f"--profile: --size is one of {', '.join(data.SIZES)}")
        with tempfile.TemporaryDirectory(prefix="pledge-bench-", dir=asked.folder) as folder:
            print(profile.told(admitted(size, Path(folder))))
        return
    found: list[Section] = []
    sizes = asked.size or [size for size in SECTIONS if size not in ONLY_BY_NAME]
    for section_of in (each for size in sizes for each in SECTIONS[size]):
        with tempfile.TemporaryDirectory(prefix="pledge-bench-", dir=asked.folder) as folder:
            section = section_of(Path(folder), asked.repeats)
        print(f"\n{section.text()}\n", flush=True)
        found.append(section)
        if asked.write:  # after each, so that a bench that is stopped leaves what it found
            write_into_readme(README, found)


if __name__ == "__main__":
    main(sys.argv[1:])
