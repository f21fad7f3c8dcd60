"""/etc/modules.conf of modutils 2.4: each directive, its place, what is wrong with it, and the laws of reading it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkm.config.modulesconf import DEEPEST, MOST_FILES, SYNTAX, read_conf, text_files
from lkm.config.nouns24 import ALIASES, BUILT_IN, PATHS, PRUNE, Conf24, Context, Directive24
from lkm.origin import Origin

RELEASE = "2.4.2-2"


def read(text: str, files: dict[str, str] | None = None, *, by_kernel: bool = False) -> Conf24:
    context = Context(RELEASE, (("HOME", "/"),), by_kernel)
    return read_conf("/etc/modules.conf", text_files({"/etc/modules.conf": text, **(files or {})}), context)


def own(conf: Conf24) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(d.kind, d.name, d.words) for d in conf.directives if d.origin != BUILT_IN]


def told(conf: Conf24) -> list[str]:
    return [f"{p.origin.line}:{p.column}: {p.message}" for p in conf.problems]


def test_every_directive() -> None:
    conf = read(
        """
        alias eth0 ne   # the card
        options ne io=0x300 irq=11
        add options ne name="a b"
        options -k serial
        above fat vfat msdos
        below ne 8390
        probe cd sr_mod ide-cd
        add probeall scsi aic7xxx
        pre-install lp echo "one  two" $HOME
        post-install lp true
        install x  /sbin/y
        pre-remove lp a
        post-remove lp b
        remove lp c
        define DIR /d
        path[net]=$DIR/net
        path=/d/misc
        depfile=/d/`uname -r`.dep
        pcimapfile=/d/pcimap
        insmod_opt=-k  -Y
        persistdir=/d/persist
        add prune junk
        """
    )
    assert conf.problems == ()
    assert conf.last("alias", "eth0") == Directive24("alias", "eth0", ("ne",), Origin("/etc/modules.conf", 2))
    assert [word for word, _ in conf.words("options", "ne")] == ["io=0x300", "irq=11", 'name="a b"']
    assert conf.of("options", "serial")[0].keeps
    assert [word for word, _ in conf.words("above", "fat")] == ["vfat", "msdos"]
    assert conf.words("probe", "cd")[1] == ("ide-cd", Origin("/etc/modules.conf", 8))
    assert conf.last("pre-install", "lp").words == ('echo "one  two" $HOME',)  # type: ignore[union-attr]
    assert [(p.tag, p.path) for p in conf.paths] == [("net", "/d/net"), ("misc", "/d/misc")]
    assert (conf.file("depfile"), conf.file("pcimapfile")) == ("/d/2.4.2-2.dep", "/d/pcimap")
    assert conf.file("usbmapfile") == "/lib/modules/2.4.2-2/modules.usbmap"
    assert (conf.insmod_options, conf.file("persistdir")) == (("-k", "-Y"), "/d/persist")
    assert conf.prune == (*PRUNE, "junk")
    assert conf.defines == (("DIR", "/d"),)


def test_defaults_and_keep() -> None:
    conf = read("")
    assert len(own(conf)) == 0
    assert conf.last("alias", "net-pf-17").words == ("af_packet",)  # type: ignore[union-attr]
    assert len(conf.directives) == len(ALIASES)
    paths = [p.path for p in conf.paths]
    assert paths[:4] == [
        "/lib/modules/boot",
        "/lib/modules/2.4.2-2",
        "/lib/modules/2.4",
        "/lib/modules/default",
    ]
    assert len(paths) == len(PATHS)
    assert [p.path for p in read("path=/a").paths] == ["/a"]
    assert [p.path for p in read("keep\npath=/a").paths] == [*paths, "/a"]
    assert told(read("path=/a\nkeep")) == ["2:1: 'keep' after a 'path' keeps nothing"]
    assert [p.path for p in read_conf("/none", text_files({}), Context("2.4.9")).paths][1] == "/lib/modules/2.4.9"


def test_no_persistent_directory() -> None:
    conf = read("persistdir=")
    assert (conf.file("persistdir"), conf.problems) == ("", ())
    assert read("").file("persistdir") == "/var/lib/modules/persist"


def test_later_lines_replace_and_add_adds() -> None:
    conf = read("alias a b\nalias a off\nabove x one\nabove x two\nadd above x three\n")
    assert conf.last("alias", "a").words == ("off",)  # type: ignore[union-attr]
    assert [word for word, _ in conf.words("above", "x")] == ["two", "three"]


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("a == a", True),
        ("`uname -r` = 2.4.2-2", True),
        ("`kernelversion` != 2.4", False),
        ("-n 9 < 10", True),
        ("9 < 10", False),
        ("-n -3 >= -3", True),
        ("$NONE", False),
        ("0", False),
        ("false", False),
        ("yes", True),
        ("! no", False),
        ("! $NONE", True),
        ("!$NONE", True),
        ("-f /there", True),
        ("! -f /nowhere", True),
        ("-k", False),
    ],
)
def test_expressions(expression: str, holds: bool) -> None:
    conf = read(f"if {expression}\nalias hit x\nelse\nalias miss x\nendif", {"/there": ""})
    assert conf.problems == ()
    assert [name for _, name, _ in own(conf)] == ["hit" if holds else "miss"]


def test_who_calls_can_be_asked() -> None:
    assert own(read("if -k\nalias a b\nendif", by_kernel=True)) == [("alias", "a", ("b",))]


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("optoins ne io=1", "1:1: unknown directive 'optoins'", "did you mean 'options'?"),
        ("alias eth0", "1:11: the module is missing", "the form is: alias NAME MODULE|off|null"),
        ("alias a b c", "1:11: ignored: c", "an alias means one module; take probe or probeall for several"),
        ("options ne", "1:11: the option is missing", "the form is: options [-k] MODULE NAME=VALUE..."),
        ("add alias a b", "1:5: nothing can be added to 'alias'", "add above|below|options|probe|probeall|prune ..."),
        ("if\nendif", "1:3: the expression is missing", f"the form is: {SYNTAX['if']}"),
        ("if -n a < 1\nendif", "1:7: 'a' is no number", "leave -n out to compare texts"),
        ("if a ~ b\nendif", "1:6: '~' compares nothing", "there are == = != < <= > >="),
        ("else", "1:1: 'else' without 'if'", "the form is: else"),
        ("if 1\nelse\nelse\nendif", "3:1: 'else' after 'else'", "else is the last branch of an if"),
        ("if 1", "1:1: 'if' without 'endif' up to the end of the file", "write endif after its last line"),
        ("path[net]=rel", "1:11: path is no full path", "write a path from the root on, and nothing else"),
        ("depfile", "1:1: no '=' and value after it", "the form is: depfile=FILE"),
        ("include /none", "1:9: /none cannot be read", "check that it is there"),
        ("define 1x y", "1:8: '1x' is no variable's name", "the form is: define VARIABLE WORD"),
        ("install x", "1:10: the command is missing", "the form is: install MODULE COMMAND"),
    ],
)  # fmt: skip
def test_problems_have_place_and_cure(text: str, problem: str, hint: str) -> None:
    conf = read(text)
    assert told(conf) == [problem]
    assert conf.problems[0].hint == hint
    assert read(f"{text}\nalias z zz").last("alias", "z")


def test_a_shell_would_be_needed() -> None:
    conf = read("alias a `cat /etc/x`\nalias b c")
    assert told(conf) == ["1:9: the command `cat /etc/x` is not run"]
    assert own(conf) == [("alias", "b", ("c",))]


def test_includes() -> None:
    conf = read("include /b/*\nalias z $V", {"/b/1": "define V one\ninclude /c", "/b/2": "alais", "/c": "alias c $V"})
    assert own(conf) == [("alias", "c", ("one",)), ("alias", "z", ("one",))]
    assert [str(p.origin) for p in conf.problems] == ["/b/2:1"]
    assert conf.read == ("/etc/modules.conf", "/b/1", "/c", "/b/2")


def test_circles_of_includes_and_deep_ifs_end() -> None:
    conf = read("include /a", {"/a": "include /a\ninclude /a\nalias x y"})
    assert len(conf.read) == MOST_FILES
    assert any(p.message == f"more than {DEEPEST} files include each other" for p in conf.problems)
    deep = "if 1\n" * (DEEPEST + 1) + "alias in x\n" + "endif\n" * (DEEPEST + 1) + "alias out x\n"
    assert [name for _, name, _ in own(read(deep))] == ["out"]
    assert told(read(deep)) == [f"{DEEPEST + 1}:1: more than {DEEPEST} 'if' stand in each other"]


words = st.sampled_from(
    ("alias", "options", "if", "endif", "else", "elseif", "1", "0", "-k", "add", "above", "a", "b")
)
words |= st.sampled_from(
    ("path[x]=/p", "keep", "depfile=/d", "include", "/b", "==", "!", "-n", "'", "`id`", "$X", "#")
)
lines = st.lists(words, max_size=5).map(" ".join)


@given(st.lists(lines | st.text(max_size=20), max_size=12).map("\n".join))
def test_nothing_raises_and_each_problem_has_its_place(text: str) -> None:
    conf = read(text, {"/b": "alias from b\n"})
    rows = text.split("\n")
    for problem in conf.problems:
        assert 1 <= problem.origin.line <= len(rows)
        assert 1 <= problem.column <= len(problem.text) + 1


plain = st.sampled_from(
    ("alias a b", "alias a c", "options m x=1", "add above m n", "path=/p", "probe p a b", "keep")
)


@given(
    st.lists(plain, max_size=8), st.integers(0, 8), st.sampled_from(("bogus x", "alias", "if a ~ b\nendif", "else"))
)
def test_a_bad_line_changes_nothing_else(good: list[str], at: int, bad: str) -> None:
    clean = read("\n".join(good))
    spoilt = read("\n".join([*good[:at], bad, *good[at:]]))
    assert own(clean) == own(spoilt)
    assert [p.path for p in clean.paths] == [p.path for p in spoilt.paths]
    assert len(spoilt.problems) == len(clean.problems) + 1


Tree = str | tuple[list[tuple[str, "list[Tree]"]], "list[Tree]"]


def branches(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    block = st.lists(inner, max_size=3)
    return st.tuples(
        st.lists(st.tuples(st.sampled_from(("0", "1", "-k", "! 0")), block), min_size=1, max_size=3), block
    )


@settings(max_examples=40)
@given(st.lists(st.recursive(st.sampled_from(("a", "b", "c")), branches, max_leaves=12), max_size=4))
def test_conditions_choose_as_python_does(trees: list[Tree]) -> None:
    text: list[str] = []
    chosen: list[str] = []

    def write(tree: Tree, counts: bool) -> None:
        if isinstance(tree, str):
            text.append(f"alias {tree}{len(text)} x")
            chosen.extend([f"{tree}{len(text) - 1}"] if counts else [])
            return
        choices, other = tree
        open_still = counts
        for number, (condition, block) in enumerate(choices):
            text.append(f"{'elseif' if number else 'if'} {condition}")
            holds = open_still and condition in ("1", "! 0")
            for each in block:
                write(each, holds)
            open_still = open_still and not holds
        text.append("else")
        for each in other:
            write(each, open_still)
        text.append("endif")

    for tree in trees:
        write(tree, True)
    conf = read("\n".join(text))
    assert conf.problems == ()
    assert [name for _, name, _ in own(conf)] == chosen
