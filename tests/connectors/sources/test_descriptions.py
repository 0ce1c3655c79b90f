"""Source descriptions: what is wrong with one is a sentence with its file and, where known, its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checks.errors import UsageError
from connectors.sources import description as descriptions
from connectors.sources.description import described, read_description
from expectations.quality import delivery as fitness
from tests.connectors.sources.reading import description

SHIPPED = Path(descriptions.__file__).with_name("descriptions")
SELECT = "select row_number, a as call_id from raw"


def test_a_description_says_how_its_file_is_read(tmp_path: Path) -> None:
    source = description(
        tmp_path, SELECT, name="norfolk_telephony", zone="America/New_York", ambiguous="earlier", nonexistent="later",
        delivers="snapshot", encoding="windows-1252", format="csv", empty='["NULL", "9999"]',
        expected="{max_age_hours: 36, min_rows: 10, max_rows: 1000, may_be_empty: false}", location="/drop/calls.csv",
    )  # fmt: skip
    assert (source.name, source.log, source.force, source.zone) == (
        "norfolk_telephony", "calls", "norfolk", "America/New_York",
    )  # fmt: skip
    assert (source.local_time.ambiguous, source.local_time.nonexistent) == ("earlier", "later")
    assert (source.delivers, source.encoding, source.format) == ("snapshot", "windows-1252", "csv")
    assert (source.empty, source.location) == (("NULL", "9999"), "/drop/calls.csv")
    assert source.expected == {"max_age_hours": 36, "min_rows": 10, "max_rows": 1000, "may_be_empty": False}
    assert SELECT in source.sql


def test_what_it_may_expect_is_what_the_fitness_suite_judges(tmp_path: Path) -> None:
    for name in fitness.STATED:
        value = "true" if name == "may_be_empty" else "5"
        assert description(tmp_path, SELECT, expected=f"{{{name}: {value}}}").expected


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_it_may_come_from_any_editor(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "system.sql"
    path.write_bytes(f"/*---\nlog: calls\nforce: norfolk\n---*/\n{SELECT};\n-- end\n".replace("\n", ending).encode())
    assert read_description(path).log == "calls"


@pytest.mark.parametrize(
    ("front", "line", "found"),
    [
        ("log: call", 2, "log"),
        ("log: calls\nforze: norfolk", 3, "forze"),
        ("log: calls\nforce: Norfolk", 3, "force"),
        ("log: calls\nforce: all", 3, "force"),
        ("log: calls\nforce: 7", 3, "force"),
        ("log: calls\nforce: [norfolk]", 3, "force"),
        ("log: calls\n\nzone: Europe/Londom", 4, "zone"),
        ("log: calls\nzone: ../../etc/passwd", 3, "zone"),
        ("log: calls\nzone:", 3, "zone"),
        ("log: calls\nambiguous: guess", 3, "ambiguous"),
        ("log: calls\nnonexistent: earlier", 3, "nonexistent"),
        ("log: calls\ndelivers: everything", 3, "delivers"),
        ("log: calls\nformat: xls", 3, "format"),
        ("log: calls\nencoding: windows-1253x", 3, "encoding"),
        ("log: calls\nencoding: base64", 3, "encoding"),
        ("log: calls\ndelimiter: ab", 3, "delimiter"),
        ("log: calls\ndeleted: true", 3, "deleted"),
        ('log: calls\ndeleted: ""', 3, "deleted"),
        ("log: calls\nempty: NULL", 3, "empty"),
        ("log: calls\nempty: [9999]", 3, "empty"),
        ("log: calls\nexpected: daily", 3, "expected"),
        ("log: calls\nexpected: {max_age: 36}", 3, "expected"),
        ("log: calls\nexpected: {min_rows: many}", 3, "expected"),
        ("log: calls\nexpected: {may_be_empty: 1}", 3, "expected"),
        ("log: calls\nforce: [norfolk\nzone: Europe/London", None, "YAML"),
        ("log: calls\n\tforce: norfolk", None, "YAML"),
        ("log: calls\nforce: norfolk\nforce: suffolk", 4, "force"),
    ],
)
def test_a_wrong_line_of_the_front_matter_is_named(tmp_path: Path, front: str, line: int | None, found: str) -> None:
    path = tmp_path / "system.sql"
    path.write_text(f"/*---\n{front}\n---*/\n{SELECT}\n")
    with pytest.raises(UsageError, match=found) as refused:
        read_description(path)
    said = str(refused.value)
    assert said.startswith(str(path)) and "\n" not in said
    assert re.search(rf"line {line or '[2345]'}\b", said), said


@pytest.mark.parametrize(
    ("front", "found"),
    [
        ({"deleted": "call_id"}, "which says something else already"),
        ({"deleted": "Row_Number"}, "which says something else already"),
        ({"deleted": "is_deleted", "delivers": "snapshot"}, "delivers: snapshot"),
    ],
)
def test_a_deletion_marker_that_cannot_be_one(tmp_path: Path, front: dict[str, str], found: str) -> None:
    with pytest.raises(UsageError, match=found):
        description(tmp_path, SELECT, **front)


@pytest.mark.parametrize(
    "text",
    [
        "",
        SELECT,
        f"/*---\n---*/\n{SELECT}",
        f"/*---\njust words\n---*/\n{SELECT}",
        f"/*---\n- log\n---*/\n{SELECT}",
        f"/*---\nforce: norfolk\n---*/\n{SELECT}",
        f"/*---\nlog: calls\n{SELECT}",
        "/*---\nlog: calls\n---*/\n",
        "/*---\nlog: calls\n---*/\n-- nothing\n",
        "\x00\x01",
    ],
)
def test_a_file_that_is_no_description_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "system.sql"
    path.write_text(text)
    with pytest.raises(UsageError) as refused:
        read_description(path)
    assert str(refused.value).startswith(str(path)) and "\n" not in str(refused.value)


def test_one_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "system.sql"
    path.write_bytes(b"/*---\nlog: calls\n---*/\nselect '\xe9' from raw")
    with pytest.raises(UsageError, match="UTF-8"):
        read_description(path)


@pytest.mark.parametrize(
    "sql",
    [
        "select 1; select 2",
        "copy raw to '/tmp/pledge-escaped.csv'",
        "attach '/tmp/pledge-escaped.db'",
        "install httpfs",
        "load httpfs",
        "set memory_limit = '100GB'",
        "pragma database_list",
        "call pragma_version()",
        "create table x as select * from raw",
        "insert into raw select * from raw",
        "delete from raw",
        "drop table raw",
        "explain select * from raw",
        "export database '/tmp/pledge-escaped'",
        "select * from raw) union select * from (select 1",
        "select * from raw /* open",
        "select * from (copy raw to '/tmp/pledge-escaped.csv')",
        "selekt 1",
        "select from where",
    ],
)
def test_anything_but_one_select_is_refused_before_it_runs(tmp_path: Path, sql: str) -> None:
    with pytest.raises(UsageError, match=r"system\.sql") as refused:
        description(tmp_path, sql)
    assert "\n" not in str(refused.value)


def test_a_mistake_in_the_sql_is_named_by_the_line_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"system\.sql, line 7"):
        description(tmp_path, "select\n    a\n    b c from raw".replace("b c", "b, , c"))


class TestFinding:
    def test_the_shipped_ones_are_found_and_right(self) -> None:
        names = sorted(path.stem for path in SHIPPED.glob("*.sql"))
        assert {"bank_calls", "sffd_cad", "lfb_incidents", "boston_311"} <= set(names)
        for name in names:
            assert [each.name for each in described(name, [SHIPPED])] == [name]

    def test_a_folder_of_ones_own_wins_over_the_shipped_ones(self, tmp_path: Path) -> None:
        description(tmp_path, SELECT, name="bank_calls", force="suffolk")
        assert described("bank_calls", [SHIPPED, tmp_path])[0].force == "suffolk"

    @pytest.mark.parametrize("name", ["bank_cals", "../bank_calls", "", "bank_calls.sql", "/etc/passwd", "a/b"])
    def test_an_unknown_name_is_wrong_usage_and_says_what_is_known(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(UsageError, match="bank_calls"):
            described(name, [SHIPPED, tmp_path / "absent"])


class TestFolder:
    """A system that fills several logs: a folder of descriptions with the front matter they share."""

    SHARED = "force: norfolk\nzone: Europe/London\nconnection: {http: 'https://norfolk.example', records: calls}\n"

    def folder(self, tmp_path: Path, shared: str = SHARED, **logs: str) -> Path:
        (tmp_path / "system").mkdir()
        (tmp_path / "system" / "connection.yaml").write_text(shared)
        for name, log in logs.items():
            (tmp_path / "system" / f"{name}.sql").write_text(f"/*---\nlog: {log}\n---*/\n{SELECT}\n")
        return tmp_path

    def test_one_source_for_each_log_under_one_name(self, tmp_path: Path) -> None:
        sources = described("system", [SHIPPED, self.folder(tmp_path, a="calls", b="messages")])
        assert [(each.name, each.log, each.force) for each in sources] == [
            ("system", "calls", "norfolk"), ("system", "messages", "norfolk"),
        ]  # fmt: skip
        assert sources[0].connection and sources[0].connection.url == "https://norfolk.example/"

    def test_the_shipped_one(self) -> None:
        logs = {each.log: each.delivers for each in described("police_uk", [SHIPPED])}
        assert logs == dict.fromkeys(("meetings", "neighbourhoods", "team_pages"), "changes")

    @pytest.mark.parametrize(
        ("shared", "logs", "found"),
        [
            (SHARED, {}, "no description lies beside it"),
            (SHARED, {"a": "calls", "b": "calls"}, "two of its files fill one log"),
            ("force: Norfolk\n", {"a": "calls"}, "connection.yaml, line 1: force"),
            ("connection: {http: 'http://norfolk.example', records: calls}", {"a": "calls"}, "http:// to"),
            ("connection: 7", {"a": "calls"}, "connection is 7"),
        ],
    )
    def test_what_is_wrong_is_named(self, tmp_path: Path, shared: str, logs: dict[str, str], found: str) -> None:
        with pytest.raises(UsageError, match=re.escape(found)):
            described("system", [self.folder(tmp_path, shared, **logs)])
