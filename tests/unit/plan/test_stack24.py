"""What modutils' modprobe makes of a name: order, options, alternatives, circles."""

from __future__ import annotations

from lkm.config.modulesconf import read_conf, text_files
from lkm.config.nouns24 import Context
from lkm.plan.progress import Ran
from lkm.plan.progress24 import foresee24
from lkm.plan.stack24 import Choice, Off, Request24, Tree24, plan_autoclean24, plan_load24, plan_remove24, stem
from lkm.plan.steps import Absent, Loaded, Plan
from lkm.report.modprobe24 import action

FILES = ("fs/fat.o", "fs/msdos.o", "net/8390.o", "net/ne.o", "net/eepro.o", "misc/top.o", "old/ne.o", "a/low.o")
NEEDS = {
    "fs/msdos.o": ("fs/fat.o",),
    "net/ne.o": ("net/8390.o",),
    "misc/top.o": ("a/low.o", "a/gone.o"),
}


def tree(conf: str = "") -> Tree24:
    read = read_conf("/m", text_files({"/m": conf}), Context("2.4.2"))
    assert read.problems == ()
    return Tree24(read, FILES, NEEDS)


def lines(plan: Plan, *loaded: str) -> list[str]:
    """Return what is done when all succeeds."""
    entries = foresee24(plan, frozenset(loaded)).entries
    done = [entry.step for entry in entries if isinstance(entry.result, Ran) and not entry.failed]
    text = [action(step).removeprefix("/sbin/insmod ").rstrip() for step in done]
    return [line for line in text if line]


def load(name: str, conf: str = "", *loaded: str, request: Request24 | None = None) -> list[str]:
    return lines(plan_load24(name, request or Request24(), tree(conf), frozenset(loaded)), *loaded)


def test_what_is_needed_comes_first_and_what_is_there_is_left() -> None:
    assert load("msdos") == ["fs/fat.o", "fs/msdos.o"]
    assert load("msdos", "", "fat") == ["fs/msdos.o"]
    assert load("fs/msdos.o") == load("msdos.o") == ["fs/fat.o", "fs/msdos.o"]
    plan = plan_load24("msdos", Request24(), tree(), frozenset(["msdos"]))
    assert isinstance(plan.steps[0], Loaded)


def test_reasons() -> None:
    conf = "alias disk msdos\nbelow fat low\n"
    plan = plan_load24("disk", Request24(), tree(conf), frozenset())
    assert [(stem(action(step).split()[-1]), str(step.reason)) for step in plan.steps] == [
        ("low", "beneath fat (/m:2)"),
        ("fat", "needed by msdos (modules.dep)"),
        ("msdos", "asked for as disk (/m:1)"),
    ]


def test_options_of_all_names_and_flags() -> None:
    conf = "alias eth1 eepro\noptions eth1 -o eth1 io=2\noptions eepro io=1\ninsmod_opt=-Y\noptions -k eepro"
    assert load("eth1", conf, request=Request24(("io=3",), ("-q",), autoclean=True)) == [
        "-Y -q -o eth1 net/eepro.o io=2 io=3"
    ]
    conf = conf.replace("options -k eepro", "add options -k eth1 debug=1")
    assert load("eth1", conf) == ["-Y -o eth1 net/eepro.o io=1 io=2 debug=1"]
    assert load("msdos", "options fat conv=b", request=Request24(("x=1",), autoclean=True)) == [
        "-k fs/fat.o conv=b",
        "-k fs/msdos.o x=1",
    ]
    assert load("eth1", "alias eth1 eepro\noptions eepro -oX", "X") == []


def test_commands_stand_around() -> None:
    conf = "pre-install msdos a\npost-install msdos b\ninstall fat c $HOME\nabove msdos low\n"
    assert load("msdos", conf) == ["sh -c 'c $HOME'", "sh -c 'a'", "fs/msdos.o", "sh -c 'b'", "a/low.o"]
    assert load("virtual", "install virtual x") == ["sh -c 'x'"]


def test_alternatives() -> None:
    (choice,) = plan_load24("card", Request24(), tree("probe card ne eepro"), frozenset()).steps
    assert isinstance(choice, Choice)
    assert not choice.every
    assert len(choice.alternatives) == 2
    assert isinstance(choice.alternatives[0][0], Choice)  # two files of that name
    assert load("card", "probe card ne eepro") == ["net/8390.o", "net/ne.o"]
    assert load("card", "probeall card ne eepro") == ["net/8390.o", "net/ne.o", "net/eepro.o"]
    assert load("ne", "", request=Request24(kind="old")) == ["old/ne.o"]
    assert load("n*", "") == ["net/8390.o", "net/ne.o"]
    assert load("n*", "", request=Request24(every=True)) == ["net/8390.o", "net/ne.o"]  # by one name, once
    assert load("[ef]*", "", request=Request24(every=True)) == ["fs/fat.o", "net/eepro.o"]


def test_names_that_mean_nothing() -> None:
    def first(name: str, conf: str = "", *, literal: bool = False) -> object:
        return plan_load24(name, Request24(), tree(conf), frozenset(), literal=literal).steps[0]

    assert isinstance(first("nosuch"), Absent)
    assert isinstance(first("x*"), Absent)
    assert isinstance(first("n*", literal=True), Absent)
    assert isinstance(first("top"), Absent)  # needs a file that is not there
    off = first("fat", "alias fat off")
    assert isinstance(off, Off)
    assert str(off.origin) == "/m:1"
    assert isinstance(first("a", "alias a b\nalias b a"), Absent)
    assert plan_load24("base", Request24(), tree("alias base null"), frozenset()).steps == ()
    assert load("base", "alias base null\nabove base fat\nbelow base low") == ["a/low.o", "fs/fat.o"]


def test_circles_and_towers_end() -> None:
    assert load("fat", "above fat msdos\nbelow fat low\nabove low fat") == ["a/low.o", "fs/fat.o", "fs/msdos.o"]
    conf = read_conf("/m", text_files({}), Context("2.4.2"))
    files = tuple([f"m{n}.o" for n in range(60)])
    needs = {f"m{n}.o": tuple([f"m{k}.o" for k in reversed(range(n))]) for n in range(60)}
    plan = plan_load24("m59", Request24(), Tree24(conf, files, needs), frozenset())
    assert lines(plan) == list(files)
    direct = {f"m{n}.o": (f"m{(n - 1) % 60}.o",) for n in range(60)}
    assert len(lines(plan_load24("m59", Request24(), Tree24(conf, files, direct), frozenset()))) == 60


def test_names_that_all_lead_to_each_other_end_soon() -> None:
    names = [f"n{n}" for n in range(12)]
    for kind in ("probeall", "above", "below"):
        conf = "".join([f"{kind} {name} {' '.join(names)}\n" for name in names])
        plan = plan_load24("n0", Request24(), tree(conf), frozenset())
        assert [problem.message[:28] for problem in plan.problems] in ([], ["names lead to each other mor"])
        assert plan_remove24("n0", tree(conf), {"fat": ()}).steps
    conf = "".join([f"probeall {name} {' '.join(names)}\n" for name in names])
    assert plan_load24("n0", Request24(), tree(conf), frozenset()).problems


def remove(name: str, conf: str, loaded: dict[str, tuple[str, ...]]) -> list[str]:
    return lines(plan_remove24(name, tree(conf), loaded), *loaded)


def test_removals_go_the_other_way() -> None:
    held = {"msdos": (), "fat": ("msdos",), "low": ()}
    assert remove("msdos", "", held) == ["# delete msdos", "# delete fat"]
    conf = "pre-remove msdos a\npost-remove msdos b\nremove fat c\nabove msdos low\nalias disk msdos"
    assert remove("disk", conf, held) == [
        "# delete low",
        "sh -c 'a'",
        "# delete msdos",
        "sh -c 'b'",
        "sh -c 'c'",
    ]
    assert remove("x", "probeall x msdos low", held) == ["# delete msdos", "# delete fat", "# delete low"]
    assert remove("msdos.o", "", held)[0] == "# delete msdos"
    assert remove("base", "alias base null\nabove base fat\nbelow base low", held) == ["# delete fat", "# delete low"]
    assert remove("nosuch", "", held) == []
    assert remove("a", "alias a b\nalias b a", held) == []


def test_autoclean_runs_commands() -> None:
    plan = plan_autoclean24(("low", "fat"), tree("pre-remove low a\npost-remove fat b"))
    assert lines(plan, "low", "fat") == ["sh -c 'a'", "# delete low", "# delete fat", "sh -c 'b'"]
