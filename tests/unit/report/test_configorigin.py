from __future__ import annotations

import pytest

from lkm.config.settings import assemble
from lkm.report.config import config_text
from lkm.report.configorigin import origin_text


def told(text: str, cmdline: str = "") -> list[str]:
    return origin_text(assemble([("x", text)], cmdline)).splitlines()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("blacklist a\nblacklist a", ["# x:2: overridden by x:1", "# blacklist a"]),
        ("install a* y\ninstall ab z", ["# x:2: overridden by x:1", "# install ab z"]),
        ("remove a y\nremove a z", ["# x:2: overridden by x:1", "# remove a z"]),
        ("forbid a*\nforbid ab because z", ["# x:2: overridden by x:1", "# forbid ab because z"]),
        ("alias a b\nalias a b", ["# x:2: overridden by x:1", "# alias a b"]),
        ("alias a b\nalias a c", ["# x:2", "alias a c"]),
        ("install ab y\ninstall a* z", ["# x:2", "install a* z"]),
        ("install a y\nremove a z", ["# x:2", "remove a z"]),
        ("softdep a pre: b\nsoftdep a pre: c", ["# x:2", "softdep a pre: c"]),
        ("options a b=1\noptions a += b=2", ["# x:2", "options a += b=2"]),
        ("options a b=1\nunset options a", ["# x:1: unset by x:2", "# options a b=1"]),
        ("unset options a", ["# x:1: nothing to unset", "# unset options a"]),
    ],
)
def test_what_has_no_effect_is_a_comment_that_says_why(text: str, expected: list[str]) -> None:
    assert told(text)[-2:] == expected


def test_options_name_the_parameters_that_are_set_again() -> None:
    lines = told('options a b=1 "c=2 3" d=4\noptions a c=5', "a.b=6")
    assert lines[0] == "# x:1 (b: overridden by /proc/cmdline (a.b=6), c: overridden by x:2)"
    assert lines[2:] == ["# x:2", "options a c=5", "# /proc/cmdline (a.b=6)", "options a b=6"]


def test_the_text_means_the_same_when_it_is_read_again() -> None:
    settings = assemble(
        [("x", "blacklist a\nblacklist a\noptions b c=1\nunset options b\ninstall d e \ninstall d f")], ""
    )
    again = assemble([("y", origin_text(settings))], "")
    assert config_text(again) == "blacklist a\ninstall d e \n"
