"""``lkm autoclean``, ``rmmod --all``, ``modprobe -k`` and ``-r`` without names, on a simulated kernel."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from lkm.autoload.nouns import ALLOW, UEVENT, Entry, Outcome, Request, Verdict
from lkm.cli import depmod, sim
from lkm.cli.autoclean_sweep import sweep_now
from lkm.cli.main import main
from lkm.cli.messages import Messages
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.system import configfiles
from lkm.system.autoloaded import Store
from lkm.system.history import History
from tests.support import schema
from tests.support.elfwriter import build_module

NEEDS: dict[str, tuple[list[str], list[str]]] = {
    "fat": (["fat_scan"], []),
    "msdos": ([], ["fat_scan"]),
    "loop": ([], []),
}


class Machine:
    """A simulated kernel with modules fat, msdos and loop, and a directory for configuration."""

    def __init__(self, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.place = place
        self.capfd = capfd
        self.kernel = SimulatedKernel(f"{place}/w")
        self.out = self.err = ""

    def __call__(self, *words: str) -> int:
        self.capfd.readouterr()
        status = main(["lkm", *words])
        self.out, self.err = [text.replace(str(self.place), "TMP") for text in self.capfd.readouterr()]
        return status

    def conf(self, text: str) -> None:
        (self.place / "etc/lkm").mkdir(parents=True, exist_ok=True)
        (self.place / "etc/lkm/autoclean.conf").write_text(text)

    def loaded(self) -> list[str]:
        return [module.name for module in self.kernel.state().modules]

    def later(self, seconds: int) -> None:
        self.kernel.world.set_meta("clock", str(int((self.kernel.seconds() + seconds) * 1e6)))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Machine:
    directory = tmp_path / "tree/lib/modules/1.0"
    directory.mkdir(parents=True)
    for name, (exports, needs) in NEEDS.items():
        info = [("license", "GPL"), ("vermagic", "1.0 "), ("intree", "Y")]
        (directory / f"{name}.ko").write_bytes(build_module(name, modinfo=info, exports=exports, needs=needs))
    assert depmod.main(["depmod", "-b", f"{tmp_path}/tree", "1.0"]) == 0
    monkeypatch.setenv("LKM_KERNEL", f"sim:{tmp_path}/w")
    monkeypatch.delenv("MODPROBE_OPTIONS", raising=False)
    assert sim.main(["sim", "new", f"{tmp_path}/w", "--tree", f"{tmp_path}/tree"]) == 0
    monkeypatch.setattr(configfiles, "DIRECTORIES", (f"{tmp_path}/etc",))
    monkeypatch.setattr(configfiles, "AUTOCLEAN", f"{tmp_path}/etc/lkm/autoclean.conf")
    return Machine(tmp_path, capfd)


def test_only_what_is_loaded_with_k_goes_and_only_when_it_is_configured(machine: Machine) -> None:
    assert machine("modprobe", "-k", "msdos") == 0
    assert machine("modprobe", "loop") == 0
    machine.later(700)
    assert machine("autoclean") == 0
    assert machine.out == (
        "would remove msdos: idle for 11 min of 1 min (built-in default)\n"
        "would remove fat: as does what held it\n"
        "nothing is removed: the mode is dry-run (built-in default); --now removes, and `mode active` in"
        " /etc/lkm/autoclean.conf does so each time\n"
    )
    assert machine.loaded() == ["loop", "msdos", "fat"]
    machine.conf("mode active\nidle 2m\n")
    assert machine("autoclean") == 0
    assert machine.out == (
        "removed msdos: idle for 11 min of 2 min (TMP/etc/lkm/autoclean.conf:2)\nremoved fat: as does what held it\n"
    )
    assert machine.loaded() == ["loop"]
    assert machine("autoclean") == 0
    assert machine.out == ""


def test_now_removes_and_n_forgets(machine: Machine) -> None:
    machine.conf("idle 0\nunused 0")
    machine("modprobe", "-k", "loop")
    before = Path(Store(machine.kernel).path).read_bytes()
    assert machine("autoclean", "-n", "--now") == 0
    assert machine.out.startswith("would remove loop: idle for 0 s of 0 s")
    assert Path(Store(machine.kernel).path).read_bytes() == before
    assert machine("autoclean", "-q", "--now") == 0
    assert (machine.out, machine.loaded()) == ("", [])


def test_explain_tells_of_each_module_or_of_those_named(machine: Machine) -> None:
    machine.conf("never loop because I need it\n")
    unused = "loaded 0 s ago; after 10 min it counts as used (built-in default)"
    soon = "it would go in 10m00s at the earliest"
    for name in ("msdos", "loop"):
        machine("modprobe", "-k", name)
    assert machine("autoclean", "--explain") == 0
    assert machine.out.splitlines() == [
        f"fat    held       modules use it: msdos; {soon}",
        "loop   never      the configuration keeps it: I need it (TMP/etc/lkm/autoclean.conf:1)",
        f"msdos  unused     it was never seen in use: {unused}; {soon}",
    ]
    assert machine("autoclean", "--explain", "no-such", "fat") == 0
    assert machine.out == f"fat  held       modules use it: msdos; {soon}\n"
    assert machine.err == "lkm autoclean: WARNING: Module no_such is not loaded\n"


def test_who_sweeps_again_says_when_so_it_is_known_when_a_module_goes(machine: Machine) -> None:
    machine.conf("mode active\nidle 20\nunused 30")
    machine("modprobe", "-k", "loop")
    machine.later(10)
    assert sweep_now(machine.kernel, Messages("x"), every=7.0) == (0, ())
    machine.later(3)
    assert machine("autoclean", "-n") == machine("autoclean") == 0  # these do not say when the next will be
    assert machine("autoclean", "--explain", "loop") == 0
    assert machine.out.endswith("(TMP/etc/lkm/autoclean.conf:3); it goes in 18s\n")  # 10 + 7 + 7 + 7 - 13
    assert machine("autoclean", "--explain", "--json", "loop") == 0
    (loop,) = schema.check(machine.out)["modules"]
    assert (round(loop["goes_at"] - loop["loaded_at"]), loop["sure"]) == (31, True)


def test_info_tells_why_a_module_is_there_and_what_will_become_of_it(machine: Machine) -> None:
    machine.conf("mode active\nidle 20\nunused 30")
    machine("modprobe", "-k", "msdos")
    machine("modprobe", "loop")
    assert machine("info", "--why", "fat") == 0
    assert machine.out.splitlines()[2:] == [
        "  used by       msdos",
        "  kept by       modules that use it: msdos",
        f"  asked for     by user {os.getuid()}, as msdos, 0 s after boot",
        "  autoclean     modules use it: msdos; it goes in 30s at the earliest",
    ]
    history = History(f"{machine.place}/w.history.jsonl")
    request = Request("fs-x", UEVENT, 9e8, 71, 0, "udev")
    history.append(Entry(request, Verdict(ALLOW), Outcome(0, "done", ("loop",))))
    assert machine("info", "--why", "loop") == 0
    kept, asked, autoclean = machine.out.splitlines()[2:]
    assert kept == "  kept by       nothing: `lkm unload loop` removes it"
    assert asked.startswith("  asked for     last by uevent (udev, 71), as fs-x, at 1998-07-")
    assert autoclean == "  autoclean     it was not loaded to be removed again"
    assert machine("info", "--json", "loop", "fat") == 0
    loop, fat = schema.check(machine.out)["modules"]
    assert (loop["asked"]["comm"], loop["autoclean"], fat["autoclean"]["word"]) == ("udev", None, "held")
    assert machine("unload", "msdos") == 0
    assert machine("info", "--why", "fat") == 0
    assert machine.out == "fat\n  state         not loaded\n"
    Path(Store(machine.kernel).path).write_text("no state")
    Path(history.path).unlink()
    Path(history.path).mkdir()
    assert machine("info", "--why", "loop") == 0
    assert "unknown       who asked for it: TMP/w.history.jsonl: Is a directory" in machine.out


def test_pins_keep_until_they_are_taken_away(machine: Machine) -> None:
    machine.conf("mode active\nidle 0\nunused 0")
    machine("modprobe", "-k", "loop")
    assert machine("autoclean", "--pin", "loop") == 0
    assert machine("autoclean", "--explain", "loop") == 0
    assert machine.out == "loop  pinned     it is pinned\n"
    assert machine("autoclean", "--unpin", "loop") == machine("autoclean") == 0
    assert machine.loaded() == []


def test_json_is_as_the_schema_says(machine: Machine) -> None:
    machine.conf("mode active\nidle 0\nunused 0\nnever fat")
    machine("modprobe", "-k", "msdos")
    assert machine("autoclean", "--json") == 0
    answer: Any = schema.check(machine.out)
    assert (answer["active"], answer["removed"]) == (True, ["msdos"])
    words = {
        module["name"]: (module["word"], module["origin"] and module["origin"]["line"])
        for module in answer["modules"]
    }
    assert words == {"fat": ("never", 4), "msdos": ("goes", 2)}
    machine("modprobe", "-r", "fat")
    assert machine("autoclean", "--explain", "--json") == 0
    assert schema.check(machine.out)["lost"] == [{"name": "fat", "why": "gone"}]


def test_rmmod_all_and_modprobe_r_without_names_are_one_sweep(machine: Machine) -> None:
    machine.conf("idle 0\nunused 0")
    machine("modprobe", "-k", "loop")
    assert machine("rmmod", "-a", "-v") == 0
    assert machine.err.startswith("rmmod: INFO: removed loop: idle for 0 s of 0 s")
    machine("modprobe", "-k", "msdos")
    assert machine("modprobe", "-r", "-n", "-v") == 0
    assert machine.out == "rmmod msdos\nrmmod fat\n"
    assert machine("modprobe", "-r", "-v") == 0
    assert (machine.out, machine.loaded()) == ("rmmod msdos\nrmmod fat\n", [])
    assert machine("rmmod", "-a") == machine("modprobe", "-r") == 0


def test_what_was_loaded_before_k_was_said_is_not_marked(machine: Machine) -> None:
    machine("modprobe", "fat")
    machine("modprobe", "-k", "msdos")
    assert [mark.module for mark in Store(machine.kernel).read()[0].marks] == ["msdos"]


def test_what_an_install_command_loads_is_marked(machine: Machine) -> None:
    file = machine.place / "m.conf"
    file.write_text(f"install loop {Path(__file__).parents[3]}/.venv/bin/lkm modprobe -i loop\n")
    assert machine("modprobe", "-k", "-C", str(file), "loop") == 0
    assert [mark.module for mark in Store(machine.kernel).read()[0].marks] == ["loop"]


def test_that_it_cannot_be_marked_is_a_warning(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LKM_STATE", f"{machine.place}/w/state")
    assert machine("modprobe", "-k", "loop") == 0
    assert machine.loaded() == ["loop"]
    assert machine.err.startswith("modprobe: WARNING: not marked for autoclean: TMP/w")


def test_what_is_refused_is_an_error_with_status_1(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.conf("mode active\nidle 0\nunused 0")
    machine("modprobe", "-k", "loop")
    machine.kernel.world.set_meta("modules_disabled", "1")
    assert machine("autoclean") == 1
    assert machine.err == "lkm autoclean: ERROR: could not remove loop: Operation not permitted\n"
    assert machine("rmmod", "--all") == 1
    assert machine.err == "rmmod: ERROR: could not remove loop: Operation not permitted\n"


def test_every_goes_on_until_it_is_ended(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.conf("mode active\nidle 3\nunused 0")
    machine("modprobe", "-k", "loop")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        machine.later(int(seconds))
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        machine("autoclean", "--every", "2s")
    assert slept == [2, 2, 2]
    assert machine.loaded() == []


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("loop",), "a sweep is over all modules, not loop", "--explain NAME tells of one"),
        (("--every", "soon"), "'soon' is no time", "write 90, 90s, 5m, 2h or 1d"),
        (("--every", "5", "--json"), "--every does not go with --json or --explain", ""),
    ],
)
def test_what_makes_no_sense_is_said(machine: Machine, words: tuple[str, ...], message: str, hint: str) -> None:
    assert machine("autoclean", *words) == 2
    assert machine.err == f"lkm autoclean: ERROR: {message}\n" + (f"  {hint}\n" if hint else "")


def test_without_the_right_to_remove_it_says_so(machine: Machine) -> None:
    machine.kernel.world.set_meta("cap_sys_module", "0")
    assert machine("autoclean", "--now") == 2
    assert machine.err == "lkm autoclean: ERROR: only root may remove modules\n  --explain tells what would go\n"
    assert machine("autoclean", "--explain") == 0


def test_faults_of_configuration_and_state_are_told(machine: Machine) -> None:
    machine.conf("idle soon\n")
    path = Store(machine.kernel).path
    Path(path).write_text("x")
    assert machine("autoclean", "--explain") == 0
    assert machine.err == (
        "lkm autoclean: WARNING: TMP/etc/lkm/autoclean.conf:1: 'soon' is no time\n"
        "  idle soon\n"
        "       ^ write 90, 90s, 5m, 2h or 1d\n"
        "lkm autoclean: WARNING: TMP/w.autoloaded.json: this is no state of the autoloader: no module is marked\n"
    )


def test_files_of_autoclean_d_are_read_after_the_main_one(machine: Machine) -> None:
    machine.conf("idle 5m\nidle 6m loop")
    (machine.place / "etc/lkm/autoclean.d").mkdir()
    (machine.place / "etc/lkm/autoclean.d/x.conf").write_text("idle 0\nunused 0")
    machine("modprobe", "-k", "loop")
    assert machine("autoclean", "--explain", "loop") == 0
    assert machine.out.endswith(
        "idle for 0 s of 6 min (TMP/etc/lkm/autoclean.conf:2); it would go in 6m00s at the earliest\n"
    )
    (machine.place / "other").write_text("idle 7m loop\nunused 0")
    assert machine("autoclean", "-C", f"{machine.place}/other", "--explain", "loop") == 0
    assert "idle for 0 s of 7 min (TMP/other:1); it would" in machine.out


def test_a_kernel_of_24_has_its_own_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert sim.main(["sim", "new", f"{tmp_path}/w", "--dialect", "2.4"]) == 0
    monkeypatch.setenv("LKM_KERNEL", f"sim:{tmp_path}/w")
    assert main(["lkm", "autoclean"]) == 2
    assert "this kernel is a Linux 2.4" in capfd.readouterr().err


def test_the_list_of_modules_tells_which_may_go(machine: Machine) -> None:
    assert machine("modprobe", "loop") == 0
    assert machine("list", "--json") == 0
    assert [module["autoclean"] for module in schema.check(machine.out)["modules"]] == [False]
    assert machine("modprobe", "-k", "fat") == 0
    assert machine("list") == 0
    head, *rows = machine.out.splitlines()
    at = head.index("autoclean")
    assert [(row.split()[0], row[at : at + 9].strip()) for row in rows] == [("fat", "yes"), ("loop", "")]
