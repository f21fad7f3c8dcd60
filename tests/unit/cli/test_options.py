"""The option parser against glibc's getopt_long(3), by way of util-linux's getopt."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lkm.cli.options import Option, help_text, parse
from lkm.errors import UsageError

TABLE = (
    Option("a", "all", "", "every one"),
    Option("b", "basedir", "DIR", "a foreign root"),
    Option("", "base", "", "another"),
    Option("c", "", "X", "only a letter"),
    Option("v", "verbose", "", "say more"),
    Option("", "show-depends"),
    Option("", "show-config"),
    Option("", "show"),
)
WORDS = (
    *(
        "-a",
        "-b",
        "-c",
        "-av",
        "-bx",
        "-abx",
        "-vvb",
        "-q",
        "-aq",
        "-:",
        "-;",
        "-",
        "--",
        "x",
        "a b",
        "",
        "--all",
        "--al",
    ),
    *("--a", "--all=1", "--base", "--bas", "--basedir", "--based=/r", "--basedir=", "--base=3", "--show", "--show-"),
    *(
        "--show-d",
        "--sh=1",
        "--verb",
        "--nope",
        "--nope=1",
        "--=x",
        "---",
        "--c",
        "-a=b",
        "-b=c",
        "-b-",
        "-b--",
        "-a-",
    ),
)


def glibc(argv: list[str], **environment: str) -> str | tuple[list[str], list[str]]:
    """Return the first complaint, or what getopt makes of the arguments."""
    letters = "".join(o.short + (":" if o.argument else "") for o in TABLE if o.short)
    long = ",".join(o.long + (":" if o.argument else "") for o in TABLE if o.long)
    command = ["getopt", "-n", "T", "-o", letters, "-l", long, "--", *argv]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", **environment}
    )
    if done.returncode:
        return done.stderr.split("\n")[0].removeprefix("T: ")
    words = shlex.split(done.stdout)
    options = []
    while (word := words.pop(0)) != "--":
        option = next(o for o in TABLE if word in (f"-{o.short}", f"--{o.long}"))
        options.append(f"{option.key}={words.pop(0) if option.argument else ''}")
    return options, words


def ours(argv: list[str]) -> str | tuple[list[str], list[str]]:
    try:
        options, operands = parse(TABLE, argv)
    except UsageError as error:
        return error.what
    return [f"{key}={value}" for key, value in options], operands


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=5))
@example(["x", "-b", "--", "-a", "--", "-v", "--all"])
@example(["--basedir", "-a", "-"])
def test_agrees_with_glibc(argv: list[str]) -> None:
    assert ours(argv) == glibc(argv)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=4))
@example(["-a", "x", "-a", "--", "-v"])
def test_agrees_with_glibc_where_options_end_at_the_first_operand(argv: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSIXLY_CORRECT", "")
        assert ours(argv) == glibc(argv, POSIXLY_CORRECT="")


@pytest.mark.parametrize("word", WORDS)
def test_agrees_with_glibc_on_each_word_alone(word: str) -> None:
    assert ours([word]) == glibc([word])


@given(st.lists(st.text(max_size=5), max_size=5))
def test_no_other_error(argv: list[str]) -> None:
    assert ours(argv)


def test_names_of_one_option_are_not_ambiguous() -> None:
    # glibc goes by the value that a long option returns; --ignore-install and --ignore-remove share one in kmod.
    table = (Option("i", "ignore-install"), Option("", "ignore-remove", same="ignore-install"), Option("", "ignored"))
    assert parse(table[:2], ["--ignore", "--ignore-r", "-i"])[0] == [("ignore-install", "")] * 3
    with pytest.raises(
        UsageError, match="is ambiguous; possibilities: '--ignore-install' '--ignore-remove' '--ignored'"
    ):
        parse(table, ["--ignore"])


def test_help_has_a_line_an_option() -> None:
    assert help_text("x [options] DIR", TABLE[:4], "More.") == (
        "usage: x [options] DIR\n\noptions:\n"
        "  -a, --all          every one\n"
        "  -b, --basedir=DIR  a foreign root\n"
        "      --base         another\n"
        "  -c X               only a letter\n"
        "\nMore.\n"
    )
    assert help_text("x", ()) == "usage: x\n\noptions:\n"


def test_what_follows_a_final_option_is_not_looked_at() -> None:
    assert parse(TABLE, ["x", "-v", "--all", "--nope", "-q"], ("all",)) == ([("verbose", ""), ("all", "")], ["x"])
    assert parse(TABLE, ["-vaq", "-q"], ("all",)) == ([("verbose", ""), ("all", "")], [])
    with pytest.raises(UsageError):
        parse(TABLE, ["--nope", "--all"], ("all",))


def test_a_whole_name_is_not_meant_by_a_shorter_one() -> None:
    table = (Option("a", "all"), Option("k", "autoclean", whole=True))
    assert parse(table, ["--a", "--autoclean", "-k"])[0] == [("all", ""), ("autoclean", ""), ("autoclean", "")]
    with pytest.raises(UsageError, match="unrecognized option '--auto'"):
        parse(table, ["--auto"])


def test_an_option_that_is_whole_stands_in_no_ones_way() -> None:
    table = (Option("C", "config", "PATH"), Option("", "classic", "", "", whole=True))
    assert parse(table, ["--c", "x", "--classic"]) == ([("config", "x"), ("classic", "")], [])
    with pytest.raises(UsageError, match="unrecognized option '--cl'"):
        parse(table, ["--cl"])
