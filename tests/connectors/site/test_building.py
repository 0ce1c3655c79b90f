"""What is written, what is left alone, what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from checks.errors import UsageError
from connectors.site.building import BUILT, Built, build
from connectors.site.page import File, Frame, Page

RUN = {"run_id": "r1", "as_at": None, "hash": "abc", "run_number": 1}
FRAME = Frame((), RUN)
STYLE = File("site.css", lambda: b"p {}", "1")


def page(address: str = "index.html", title: str = "Forces", **values: Any) -> Page:
    """A page of the shortest template: a list of forces."""
    values.setdefault("content", {"forces": []})
    return Page(address, title, "forces.html", **values)


def of(*pages: Page | File, out: Path, frame: Frame = FRAME) -> Built:
    return build(out, [STYLE, page(), *pages], frame)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "site"


def test_the_same_again_writes_nothing(out: Path) -> None:
    assert of(out=out).written == ["site.css", "index.html"]
    before = (out / "index.html").stat().st_mtime_ns
    again = of(out=out)
    assert (again.written, again.unchanged, again.removed) == ([], 2, [])
    assert (out / "index.html").stat().st_mtime_ns == before


def test_only_what_changed_is_written_again(out: Path) -> None:
    of(page("a.html"), page("b.html"), out=out)
    assert of(page("a.html", "Other"), page("b.html"), out=out).written == ["a.html"]
    assert "<title>Other – " in (out / "a.html").read_text()


def test_a_page_without_a_run_of_its_own_follows_the_newest(out: Path) -> None:
    of(page("a.html", run=RUN), out=out)
    next_night = Frame((), {**RUN, "run_id": "r2"})
    assert of(page("a.html", run=RUN), out=out, frame=next_night).written == ["index.html"]


def test_content_is_made_only_when_its_inputs_changed(out: Path) -> None:
    made = []

    def content() -> dict[str, Any]:
        made.append(1)
        return {"forces": [{"name": "Norfolk", "address": "index.html"}]}

    for inputs in ("1", "1", "2"):
        of(page("a.html", content=content, inputs=inputs), out=out)
    assert len(made) == 2


def test_content_that_is_made_when_needed_names_its_inputs(out: Path) -> None:
    with pytest.raises(ValueError, match="inputs"):
        of(page("a.html", content=lambda: {"forces": []}), out=out)


def test_what_is_gone_is_removed_but_for_what_is_permanent(out: Path) -> None:
    of(page("a/b.html"), page("runs/r1.html", permanent=True), out=out)
    gone = of(out=out)
    assert gone.removed == ["a/b.html"]
    assert not (out / "a" / "b.html").exists() and (out / "runs" / "r1.html").exists()


def test_a_permanent_page_is_never_written_again(out: Path) -> None:
    of(page("runs/r1.html", "First", permanent=True), out=out)
    assert of(page("runs/r1.html", "Second", permanent=True), out=out).written == []
    assert "First" in (out / "runs" / "r1.html").read_text()


def test_a_permanent_page_that_was_lost_is_written_again(out: Path) -> None:
    of(page("runs/r1.html", permanent=True), out=out)
    (out / "runs" / "r1.html").unlink()
    assert of(page("runs/r1.html", permanent=True), out=out).written == ["runs/r1.html"]


def test_pages_can_still_link_to_a_permanent_one_that_is_no_longer_given(out: Path) -> None:
    of(page("runs/r1.html", permanent=True), out=out)
    linked = {"forces": [{"name": "Run", "address": "runs/r1.html"}]}
    of(page("a.html", content=linked), out=out)
    assert 'href="runs/r1.html"' in (out / "a.html").read_text()


def test_a_new_page_to_link_to_is_seen_by_all_a_new_run_by_none(out: Path) -> None:
    of(out=out)
    assert of(page("runs/r1.html", permanent=True), out=out).written == ["runs/r1.html"]
    assert of(page("forces/index.html"), out=out).written == ["index.html", "forces/index.html"]


def test_killed_in_the_middle_the_next_build_goes_on(out: Path) -> None:
    def broken() -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        of(page("a.html"), File("b.csv", broken, "1"), page("c.html"), out=out)
    again = of(page("a.html"), File("b.csv", lambda: b"1", "1"), page("c.html"), out=out)
    assert (again.written, again.unchanged) == (["b.csv", "c.html"], 3)
    assert not list(out.rglob("*.part"))


def test_killed_at_any_moment_no_page_is_left_as_another_build_made_it(out: Path, tmp_path: Path) -> None:
    """A page was written anew, then the machine died: what it says now is not what its old fingerprint says."""
    of(page("a.html", "First"), out=out)
    code = (
        "import os; from pathlib import Path; from tests.connectors.site.test_building import *\n"
        f"of(page('a.html', 'Second'), File('b.csv', lambda: os._exit(9), '1'), out=Path({str(out)!r}))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=False).returncode == 9
    (out / ".half.html.part").write_text("half")
    assert "Second" in (out / "a.html").read_text()
    again = of(page("a.html", "First"), out=out)
    assert "a.html" in again.written and again.removed == ["b.csv"]
    assert "First" in (out / "a.html").read_text()
    assert not list(out.rglob("*.part"))


def test_two_builds_at_once_end_in_one_site(out: Path) -> None:
    def build_once(_: int) -> list[str]:
        return of(*(page(f"{number}.html") for number in range(20)), out=out).written

    with ThreadPoolExecutor(4) as pool:
        written = sorted(pool.map(build_once, range(4)), key=len)
    assert [len(each) for each in written] == [0, 0, 0, 22]


def test_a_page_lost_from_the_folder_is_written_again(out: Path) -> None:
    of(page("a.html"), out=out)
    (out / "a.html").unlink()
    assert of(page("a.html"), out=out).written == ["a.html"]


def test_a_link_to_a_page_that_is_not_there_is_refused(out: Path) -> None:
    with pytest.raises(ValueError, match=r"index\.html|nowhere"):
        of(page("a.html", content={"forces": [{"name": "x", "address": "nowhere.html"}]}), out=out)


def test_a_value_the_content_lacks_is_refused(out: Path) -> None:
    with pytest.raises(UndefinedError):
        of(page("a.html", content={}), out=out)


@pytest.mark.parametrize("address", ["/etc/passwd", "../out.html", "a/../../b.html", BUILT, "a//b.html", "./a.html"])
def test_an_address_outside_the_site_is_refused(out: Path, address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        of(page(address), out=out)


def test_one_address_is_one_page(out: Path) -> None:
    with pytest.raises(ValueError, match="two pages"):
        of(page("a.html"), page("a.html"), out=out)


def test_a_folder_that_holds_something_else_is_left_alone(out: Path) -> None:
    out.mkdir()
    (out / "letters.txt").write_text("mine")
    with pytest.raises(UsageError, match="no site of ours"):
        of(out=out)
    assert [path.name for path in out.iterdir()] == ["letters.txt"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"kind": "internal"}', "\x00"])
def test_a_site_whose_memory_cannot_be_read_is_left_alone(out: Path, content: str) -> None:
    out.mkdir()
    (out / BUILT).write_text(content)
    with pytest.raises(UsageError, match="no site of ours"):
        of(out=out)


def test_a_published_site_is_never_mixed_with_an_internal_one(out: Path) -> None:
    of(out=out)
    with pytest.raises(UsageError, match="internal; an empty folder, or a site that is published"):
        of(out=out, frame=Frame((), RUN, published=True))


def test_a_file_in_place_of_the_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        of(out=tmp_path / "file" / "site")


def test_text_of_any_field_stays_text(out: Path) -> None:
    hostile = "<script>alert(1)</script>"
    forces = {"forces": [{"name": hostile, "address": "index.html"}]}
    of(
        page("a/b.html", hostile, content=forces, description='"><img src=x>', crumbs=((hostile, "index.html"),)),
        out=out,
    )
    html = (out / "a" / "b.html").read_text()
    assert "<script" not in html and "<img" not in html
    assert html.count("&lt;script&gt;") == 4


def test_links_are_relative_from_any_depth(out: Path) -> None:
    linked = {"forces": [{"name": "x", "address": "c/d.html"}]}
    of(page("a/b.html", content=linked), page("c/d.html"), out=out)
    assert 'href="../c/d.html"' in (out / "a" / "b.html").read_text()
    assert 'href="../site.css"' in (out / "a" / "b.html").read_text()
    assert 'href="site.css"' in (out / "index.html").read_text()


def test_the_memory_of_a_site_is_sorted_and_names_every_file(out: Path) -> None:
    of(page("z.html"), page("a.html"), out=out)
    known = json.loads((out / BUILT).read_text())
    assert known["kind"] == "internal"
    assert list(known["pages"]) == ["a.html", "index.html", "site.css", "z.html"]
    assert sorted(known["pages"]) == sorted(_files(out))


def _files(out: Path) -> Iterator[str]:
    return (
        path.relative_to(out).as_posix()
        for path in out.rglob("*")
        if path.is_file() and path.name not in (BUILT, ".lock")
    )
