"""Which texts name an erased reference: whole words, in any case, as delivered or as a pseudonym."""

from __future__ import annotations

import pytest

from connectors.lake.mentions import Mentions
from connectors.lake.pseudonyms import Pseudonyms

PSEUDONYMS = Pseudonyms(b"0123456789abcdef")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("URN-7731", True),
        ("see urn-7731.", True),
        ("(URN-7731)", True),
        ("URN-77310", False),
        ("7731", False),
        ("", False),
        ("12", True),
        ("12 calls waited", False),  # a short word is as likely a number of something else
        ("Case 4 of Ann", True),
        ("it was case 4 of ann, again", True),
    ],
)
def test_what_names_it(text: str, named: bool) -> None:
    assert Mentions(["URN-7731", "12", "case 4 of Ann"], None)(text) is named


def test_with_pseudonyms_the_reference_as_the_force_writes_it_is_found() -> None:
    mentions = Mentions([PSEUDONYMS.of("URN-7731")], PSEUDONYMS)
    assert mentions("see URN-7731.") and mentions(PSEUDONYMS.of("URN-7731"))
    assert not mentions("see URN-7732.")


def test_nothing_named_names_nothing() -> None:
    assert not Mentions([], None)("URN-7731")
