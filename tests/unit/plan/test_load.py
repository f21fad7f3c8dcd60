from __future__ import annotations

from lkm.plan.load import Request, plan_load
from lkm.plan.resolve import from_path, resolve
from lkm.plan.steps import Absent, Blacklisted, Builtin, Command, Insert, Loaded, Plan
from lkm.report.plan import action_line
from lkm.state.nouns import KernelState
from tests.support.planning import FATS, FakeIndex, loaded, world


def plan(
    name: str,
    config: str = "",
    *,
    state: KernelState | None = None,
    index: FakeIndex = FATS,
    cmdline: str = "",
    gone: tuple[str, ...] = (),
    request: Request | None = None,
) -> Plan:
    here = world(config, index, cmdline=cmdline, gone=gone)
    target = from_path(name, here) if name.startswith("/") else resolve(name, here)[0]
    return plan_load(target, request or Request(name), here, state or KernelState())


def lines(found: Plan) -> list[str]:
    return [action_line(step, builtins=True).rstrip("\n") for step in found.steps]


def order(found: Plan) -> str:
    return " ".join(step.module for step in found.steps)


def test_dependencies_come_first_and_each_step_says_why() -> None:
    found = plan("top")
    assert lines(found) == ["insmod /m/k/low.ko ", "insmod /m/k/mid.ko ", "insmod /m/k/top.ko "]
    assert [str(step.reason) for step in found.steps] == [
        "needed by top (/m/modules.dep)",
        "needed by top (/m/modules.dep)",
        "asked for as top (command line)",
    ]
    assert [step.target for step in found.steps] == [False, False, True]


def test_softdeps_stand_around_and_may_fail() -> None:
    found = plan("msdos", "softdep msdos pre: loop nosuch post: fs-vfat\nsoftdep fat pre: low")
    assert order(found) == "low fat loop msdos fat vfat"
    assert [step.required for step in found.steps] == [False, True, False, True, True, False]
    assert str(found.steps[2].reason) == "softdep (pre) of msdos (x.conf:1)"
    assert str(found.steps[5].reason) == "softdep (post) of msdos (x.conf:1)"


def test_softdeps_in_a_circle_end() -> None:
    assert order(plan("low", "softdep low pre: loop\nsoftdep loop pre: low")) == "loop low"
    assert order(plan("low", "softdep low post: low")) == "low"


def test_a_long_chain_of_softdeps_is_no_recursion() -> None:
    index = FakeIndex({f"m{number}": "" for number in range(3000)})
    config = "\n".join(f"softdep m{number} pre: m{number + 1}" for number in range(2999))
    assert len(plan("m0", config, index=index).steps) == 3000


def test_loaded_modules_are_passed_over() -> None:
    found = plan("msdos", state=loaded(fat=0))
    assert [type(step) for step in found.steps] == [Loaded, Insert]
    assert [type(step) for step in plan("msdos", "softdep msdos pre: low", state=loaded(msdos=0)).steps] == [Loaded]
    coming = loaded(fat=0).modules[0]._replace(state="Loading")
    assert [type(step) for step in plan("msdos", state=KernelState((coming,))).steps] == [Insert, Insert]
    assert order(plan("msdos", state=loaded(fat=0), request=Request("msdos", ignore_loaded=True))) == "fat msdos"


def test_built_in_and_absent() -> None:
    assert [type(step) for step in plan("ext4").steps] == [Builtin]
    assert lines(plan("ext4", request=Request("ext4", ignore_loaded=True))) == ["builtin ext4"]
    assert [type(step) for step in plan("a", "alias a nosuch").steps] == [Absent]


def test_options_by_name_and_alias_then_the_users_own_for_the_target() -> None:
    config = "options vfat a=1\noptions fs-vfat b=2\noptions fat c=3\noptions vfat d=4"
    request = Request("fs-vfat", options="z=1")
    assert lines(plan("fs-vfat", config, cmdline="vfat.e=5", request=request)) == [
        "insmod /m/k/fat.ko c=3 ",
        "insmod /m/k/vfat.ko a=1 b=2 d=4 e=5 z=1",
    ]
    assert lines(plan("low", request=request)) == ["insmod /m/k/low.ko z=1"]


def test_commands_stand_for_modules_unless_ignored() -> None:
    config = "install vfat run $CMDLINE_OPTS\ninstall fat /bin/true"
    found = plan("vfat", config, request=Request("vfat", options="x"))
    assert lines(found) == ["install /bin/true ", "install run $CMDLINE_OPTS x"]
    command = found.steps[1]
    assert isinstance(command, Command)
    assert (command.line, command.origin.line) == ("run x", 1)
    ignoring = Request("vfat", ignore_commands=True)
    assert lines(plan("vfat", config, request=ignoring)) == ["install /bin/true ", "insmod /m/k/vfat.ko "]
    assert order(plan("vfat", "softdep vfat pre: loop", request=ignoring)) == "fat vfat"
    assert lines(plan("vfat", f"{config}\nsoftdep vfat pre: loop"))[1:] == [
        "insmod /m/k/loop.ko ",
        "install run $CMDLINE_OPTS ",
    ]
    # Softdeps that mean nothing are none.
    assert lines(plan("vfat", f"{config}\nsoftdep vfat pre: nosuch"))[-1] == "install run $CMDLINE_OPTS "


def test_the_blacklist_stops_aliases_and_names_when_asked() -> None:
    config = "blacklist vfat"
    assert [type(step) for step in plan("fs-vfat", config).steps] == [Blacklisted]
    assert order(plan("vfat", config)) == "fat vfat"
    (step,) = plan("vfat", config, request=Request("vfat", use_blacklist=True)).steps
    assert isinstance(step, Blacklisted)
    assert step.origin.line == 1
    assert order(plan("msdos", "blacklist fat", request=Request("msdos", use_blacklist=True))) == "fat msdos"


def test_a_missing_dependency_leaves_the_module_alone_with_a_problem() -> None:
    found = plan("top", gone=("low",))
    assert order(found) == "top"
    assert [str(problem) for problem in found.problems] == [
        "/m/modules.dep: top: needs /m/k/low.ko, which is not there"
    ]


def test_a_file_brings_the_dependencies_of_its_name() -> None:
    assert lines(plan("/x/msdos.ko")) == ["insmod /m/k/fat.ko ", "insmod /x/msdos.ko "]
    assert lines(plan("/x/ext4.ko")) == ["insmod /x/ext4.ko "]
