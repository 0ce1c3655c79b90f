"""What a description may say of its connection, and what of an answer is written down."""

from __future__ import annotations

from typing import Any

import pytest

from checks.errors import UsageError
from connectors.sources.credential import credential
from connectors.sources.http.connection import HttpConnection, checked_url, read_connection
from connectors.sources.http.kept import at, kept

RIGHT = {"http": "https://api.norfolk.example", "records": "calls"}


def test_the_least_that_has_to_be_said() -> None:
    assert read_connection("here", RIGHT) == HttpConnection("https://api.norfolk.example/", "calls")


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ({"http": ""}, "no http"),
        ({"records": ""}, "no records"),
        ({"http": "http://api.norfolk.example"}, "http:// to"),
        ({"http": "ftp://api.norfolk.example"}, "ftp:// to"),
        ({"http": "https://user:pass@api.norfolk.example"}, "user or password"),
        ({"http": "https://api.norfolk.example/?key=7"}, "address is none"),
        ({"http": "calls"}, "address is none"),
        ({"http": "https://[::1"}, "address is none"),
        ({"records": "/etc/passwd"}, "path below http"),
        ({"records": "../other"}, "path below http"),
        ({"records": "https://example.com/"}, "path below http"),
        ({"records": "{id}/calls"}, "path below http"),
        ({"each": {"page": "{name}"}, "id": "id"}, "path below http"),
        ({"each": {"page": "{id}"}}, "no id"),
        ({"each": ["page"]}, "each is"),
        ({"keep": {"name": "("}}, "keep: name"),
        ({"header": "X-Api-Key"}, "stands alone"),
        ({"header": "X: y", "secret": "K"}, "no header's name"),
        ({"secret": 7}, "secret is 7"),
        ({"requests_per_second": 0}, "requests_per_second is 0"),
        ({"requests_per_second": True}, "requests_per_second is True"),
        ({"max_answer_mb": "many"}, "max_answer_mb"),
        ({"plain_http": "yes"}, "plain_http"),
        ({"password": "s3cret"}, "'password' is not known"),
    ],
)
def test_what_is_wrong_is_named(stated: dict[str, Any], found: str) -> None:
    with pytest.raises(UsageError, match=f"here, connection: .*{found}") as refused:
        read_connection("here", {**RIGHT, **stated})
    assert "pass@" not in str(refused.value) and "s3cret" not in str(refused.value)


def test_plain_http_only_to_this_machine_or_where_it_is_said() -> None:
    assert checked_url("here", "http://127.0.0.1:8000/api") == "http://127.0.0.1:8000/api/"
    assert checked_url("here", "http://[::1]/") and checked_url("here", "http://localhost/")
    assert checked_url("here", "http://api.norfolk.example/", plain_http=True)
    with pytest.raises(UsageError):
        checked_url("here", "http://127.0.0.1.example.com/")


def test_a_credential_comes_from_the_environment_or_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    assert credential("here", "") == ""
    monkeypatch.setenv("NORFOLK_KEY", " k7 \n")
    assert credential("here", "NORFOLK_KEY") == "k7"
    monkeypatch.setenv("NORFOLK_KEY", "two\nlines")
    for name in ("NORFOLK_KEY", "NOT_SET"):
        with pytest.raises(UsageError, match=f"secret {name}") as refused:
            credential("here", name)
        assert "two" not in str(refused.value)


KEEP = {"id": "all", "team.rank": "all", "title": "(?i)surgery|meeting"}


class TestKept:
    def test_named_values_stay_and_of_others_only_that_they_are_there(self) -> None:
        answer = {
            "id": 7, "name": "A. Person", "phone": " ", "bio": None, "population": 1000, "is": False,
            "team": [{"name": "B. Person", "rank": "PC"}, {"name": "", "rank": None}], "title": "Surgery with B.",
        }  # fmt: skip
        assert kept(answer, KEEP) == {
            "id": 7, "name": True, "phone": "", "bio": None, "population": True, "is": True,
            "team": [{"name": True, "rank": "PC"}, {"name": "", "rank": None}], "title": "Surgery",
        }  # fmt: skip

    def test_words_that_are_not_looked_for(self) -> None:
        assert kept({"title": "Tea with C. Person"}, KEEP) == {"title": True}
        assert kept({"title": " "}, KEEP) == {"title": ""}

    def test_places_in_an_answer(self) -> None:
        assert at({"data": {"items": [1]}}, "data.items") == [1]
        assert (at([1], ""), at([1], "data"), at(None, "a.b")) == ([1], None, None)
