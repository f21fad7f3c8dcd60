from __future__ import annotations

from tests.support.linting import case, found, told


def test_nearest_name() -> None:
    assert told("unknown_parameter", case("options loop max_lop=1 dyndbg", cmdline="loop.x=1 ext4.debug_lvl=1")) == [
        "1: loop has no parameter 'max_lop' ^max_lop=1 dyndbg",
        "0: loop has no parameter 'x' ^x=1 ext4.debug_lvl=1",
        "0: ext4 has no parameter 'debug_lvl' ^debug_lvl=1",
    ]
    (flaw,) = found("unknown_parameter", case("options loop max_lop=1"))
    assert flaw.advice == "did you mean 'max_loop'?"
    assert found("unknown_parameter", case("options vfat x=1"))[0].advice == "it has: none"


def test_through_aliases() -> None:
    assert told("unknown_parameter", case("alias a-b dummy\noptions a-b numdummis=1")) == [
        "2: dummy has no parameter 'numdummis' ^numdummis=1"
    ]
    assert len(found("unknown_parameter", case("options rtnl-link-dummy numdummis=1"))) == 1


def test_blanks_around_the_equals_sign() -> None:
    flaws = found("unknown_parameter", case("options dummy numdummies = 3\noptions loop =4 x=1\n"))
    assert [(f.origin.line, f.what) for f in flaws] == [
        (1, "blanks around '=' tear a parameter apart"),
        (2, "'=4' has no name"),
        (2, "loop has no parameter 'x'"),
    ]


def test_words_of_others_on_the_command_line() -> None:
    assert found("unknown_parameter", case(cmdline="rtnl-link-dummy.x=1")) == []
    assert len(found("unknown_parameter", case(cmdline="dummy.x=1"))) == 1


def test_healthy() -> None:
    text = "options loop max-loop=1 own=5\noptions nosuch x=1\noptions dummy numdummies=0 async_probe # not this"
    assert found("unknown_parameter", case(text)) == []
