"""``lkm load``, ``unload`` and ``info`` on a simulated kernel: words, plans, exit status."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lkm.cli import depmod, kernels, sim
from lkm.cli.main import main
from lkm.kernel.sim.world import World
from tests.support.elfwriter import build_module
from tests.support.kernels import LKM

SHAPES: dict[str, tuple[list[str], list[str], list[str]]] = {
    "fat": ([], ["fat_scan"], ["printk"]),
    "msdos": (["fs-msdos", "both"], [], ["fat_scan", "register_filesystem", "mount_bdev"]),
    "vfat": (["fs-vfat", "both"], [], ["fat_scan"]),
    "odd": ([], [], ["no_such_symbol"]),
    "other": ([], [], []),
}


UNSEEN = "in the kernel, and nothing of it is to be seen"
FAT = "loaded fat: needed by {0}\nloaded {0}\n  {0}: {1}\n"
GONE = "  msdos: out, and with it file system msdos\n"
HELD = f"removed msdos: uses fat\nremoved fat: was needed by msdos\n{GONE}"


class Tool:
    """Calls ``lkm``, and keeps what it said without the directories."""

    def __init__(self, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.place = place
        self.capfd = capfd
        self.out = self.err = ""

    def __call__(self, verb: str, *words: str, config: str = "") -> int:
        file = self.place / "x.conf"
        file.write_text(config)
        self.capfd.readouterr()
        status = main(["lkm", verb, "-C", str(file), *words])
        texts = [text.replace(f"{self.place}/tree/lib/modules/1.0", "TREE") for text in self.capfd.readouterr()]
        self.out, self.err = [text.replace(str(self.place), "TMP") for text in texts]
        return status

    def json(self, verb: str, *words: str, config: str = "") -> Any:
        status = self(verb, "--json", *words, config=config)
        answer = json.loads(self.out)
        assert (answer["schema"], answer["tool"], answer["status"]) == ("lkm/1", verb, status)
        return answer

    def world(self, *statements: str) -> None:
        world = World(f"{self.place}/w")
        with world.change():
            for statement in statements:
                world.db.execute(statement)

    def loaded(self) -> list[str]:
        self.capfd.readouterr()
        assert sim.main(["sim", "proc", "modules"]) == 0
        return [line.split()[0] for line in self.capfd.readouterr().out.splitlines()]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("verbs")
    place = base / "lib/modules/1.0"
    place.mkdir(parents=True)
    for name, (aliases, exports, needs) in SHAPES.items():
        vermagic = "2.0 " if name == "other" else "1.0 "
        parm = [("parm", "size:How big"), ("parmtype", "size:int")] if name == "msdos" else []
        info = [("license", "GPL"), ("vermagic", vermagic), ("intree", "Y"), *parm]
        info += [("alias", alias) for alias in aliases]
        (place / f"{name}.ko").write_bytes(build_module(name, modinfo=info, exports=exports, needs=needs))
    (place / "modules.builtin").write_text("kernel/fs/ext4.ko\n")
    assert depmod.main(["depmod", "-b", str(base), "1.0"]) == 0
    return base


@pytest.fixture
def tool(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Tool:
    (tmp_path / "tree").symlink_to(tree)
    monkeypatch.setenv("LKM_KERNEL", f"sim:{tmp_path}/w")
    monkeypatch.delenv("MODPROBE_OPTIONS", raising=False)
    assert sim.main(["sim", "new", f"{tmp_path}/w", "--tree", f"{tmp_path}/tree"]) == 0
    tool = Tool(tmp_path, capfd)
    tool.world("DELETE FROM exports WHERE name = 'no_such_symbol'")
    return tool


def test_a_life(tool: Tool) -> None:
    assert tool("load", "msdos") == 0
    assert (tool.out, tool.err) == (FAT.format("msdos", "serves file system msdos"), "")
    assert (tool("load", "msdos", "ext4"), tool.out) == (0, "msdos is loaded already\next4 is part of the kernel\n")
    assert tool("unload", "fat") == 6
    assert tool.err == (
        "lkm unload: ERROR: fat was not removed: somebody uses it\n"
        "  fat is in use by module msdos [in-use]\n"
        "    cure: remove msdos first, and fat with that: `lkm modprobe -r msdos`\n"
    )
    assert (tool("unload", "--holders", "fat"), tool.out) == (0, HELD)
    assert (tool("unload", "msdos"), tool.out) == (0, "msdos is not loaded\n")


def test_parameters_go_to_the_name_before_them(tool: Tool) -> None:
    assert tool("load", "-n", "msdos", "size=3", "vfat", config="options msdos size=1") == 0
    assert tool.out == (
        "load fat: TREE/fat.ko\n    needed by msdos (TREE/modules.dep)\n"
        "load msdos: TREE/msdos.ko size=1 size=3\n"
        "    asked for as msdos (command line); options from TMP/x.conf:1\n"
        "fat is loaded already\n    needed by vfat (TREE/modules.dep)\n"
        "load vfat: TREE/vfat.ko\n    asked for as vfat (command line)\n"
    )
    assert tool.loaded() == []
    assert tool("load", "msdos", "size=3") == 0
    (size,) = tool.json("info", "msdos", config="options msdos size=2")["modules"][0]["parameters"]
    assert size == {
        "name": "size",
        "type": "int",
        "description": "How big",
        "value": "3",
        "default": None,
        "mode": None,
        "writable": None,
        "configured": {"value": "2", "origin": {"file": "TMP/x.conf", "line": 1}},
    }


@pytest.mark.parametrize(
    ("words", "config", "status", "said"),
    [
        (["load", "nosuch"], "", 3, "there is no module or alias nosuch in TREE"),
        (["load", "./nosuch.ko"], "", 3, "./nosuch.ko: No such file or directory"),
        (["load", "fs-msdos"], "blacklist msdos", 4, "msdos (TMP/x.conf:1): the configuration blacklists it"),
        (["load", "-b", "msdos"], "blacklist msdos", 4, "msdos (TMP/x.conf:1): the configuration blacklists it"),
        (
            ["load", "msdos"],
            "forbid fat because no",
            5,
            "  fat is needed by msdos (TREE/modules.dep)\n  fat is forbidden by TMP/x.conf:1, because no [",
        ),
        (["load", "-n", "msdos"], "forbid fat", 5, "msdos would not be loaded: the configuration forbids it"),
        (
            ["load", "fat"],
            "install fat exit 3",
            9,
            "  the install command of fat (TMP/x.conf:1) has failed with status 3: `exit 3` [",
        ),
        (["load", "odd"], "", 10, "odd was not loaded: the kernel lacks symbols that it needs"),
        (["load", "other"], "", 11, "  it was built for kernel 2.0; this one is 1.0"),
        (["load", "-n", "alias"], "alias alias gone", 3, "  gone has no file: asked for as alias (TMP/x.conf:1)"),
        (["unload", "nosuch"], "", 3, "there is no module or alias nosuch in TREE, and none is loaded"),
        (["unload", "ext4"], "", 7, "ext4 was not removed: it is part of the kernel itself"),
        (["info", "nosuch"], "", 3, "there is no module or alias nosuch in TREE, and none is loaded"),
        (["load"], "", 2, "name a module, an alias or a file"),
        (["load", "a=1"], "", 2, "'a=1' is a parameter, and no module is named before it"),
        (["unload", "-w", "x", "fat"], "", 2, "unexpected wait value 'x'."),
        (["info", "--bad"], "", 2, "unrecognized option '--bad'"),
        (["info", "--kernel=odd", "fat"], "", 2, "unknown kernel 'odd'"),
    ],
)
def test_each_cause_has_its_status(tool: Tool, words: list[str], config: str, status: int, said: str) -> None:
    assert tool(*words, config=config) == status
    assert said in tool.err, tool.err
    assert tool.loaded() == []


def test_the_kernels_own_refusals(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tool("load", "fat") == 0
    for meta, value, status in (("modules_disabled", "1", 17), ("cap_sys_module", "0", 8)):
        tool.world(f"INSERT OR REPLACE INTO meta VALUES('{meta}', '{value}')")
        assert (tool("unload", "fat"), tool("load", "msdos")) == (status, status), meta
        assert ("`sudo lkm load msdos`" in tool.err) == (status == 8)
    assert tool.json("load", "vfat", "-n")["cause"] == "done"


def test_what_failed_is_undone_and_the_rest_goes_on(tool: Tool) -> None:
    tool.world("INSERT INTO faults VALUES('msdos', 'init', '19')", "INSERT INTO faults VALUES('vfat', 'init', '5')")
    answer = tool.json("load", "msdos", "vfat")
    assert [(one["request"], one["cause"]) for one in answer["requests"]] == [
        ("msdos", "no-device"),
        ("vfat", "init"),
    ]
    assert (answer["status"], answer["cause"]) == (15, "no-device")
    first = answer["requests"][0]
    assert [(s["action"], s["module"], s["result"]["outcome"]) for s in first["steps"]] == [
        ("insert", "fat", "done"),
        ("insert", "msdos", "refused"),
    ]
    assert [(s["action"], s["module"], s["result"]["outcome"]) for s in first["undone"]] == [
        ("remove", "fat", "done")
    ]
    nothing = "nothing of it is left in the kernel: all that is looked at is as it was"
    assert answer["messages"][0]["details"][-2:] == ["removed again, as loaded for msdos only: fat", nothing]
    assert tool.loaded() == []
    assert tool("load", "--keep-partial", "msdos") == 15 and tool.loaded() == ["fat"]


def test_an_alias_of_several_modules(tool: Tool) -> None:
    assert (tool("load", "both", config="blacklist msdos"), tool.loaded()) == (0, ["vfat", "fat"])
    assert "    cure: load it by its name: `lkm modprobe msdos`" in tool.err
    assert tool("load", "both", config="blacklist msdos\nblacklist vfat") == 0  # one is in already
    assert tool("unload", "both") == 0
    assert tool("load", "both", config="blacklist msdos\nblacklist vfat") == 4


def test_a_removal_is_foretold_as_it_will_be(tool: Tool) -> None:
    assert tool("load", "msdos") == 0
    assert tool("unload", "-n", "msdos", "fat") == 0
    assert tool.out == (
        "remove msdos\n    asked for as msdos (command line)\n"
        "remove fat\n    was needed by msdos (TREE/modules.dep)\n"
        "fat is not loaded\n    asked for as fat (command line)\n"
    )
    assert tool.loaded() == ["msdos", "fat"]
    assert tool("unload", "msdos", "fat") == 0
    assert tool.out == f"removed msdos\nremoved fat: was needed by msdos\n{GONE}fat is not loaded\n"


def test_users_are_named(tool: Tool) -> None:
    assert sim.main(["sim", "mount", "msdos"]) == 0
    answer = tool.json("unload", "msdos")
    assert answer["cause"] == "in-use" and answer["messages"][0]["text"] == "msdos was not removed: somebody uses it"
    users = answer["requests"][0]["users"]
    assert [(user["module"], user["kind"], user["what"]) for user in users] == [("msdos", "count", "mount msdos")]
    assert tool("info", "msdos") == 0
    assert "\n  used by       `lkm sim mount msdos` was called\n" in tool.out
    assert tool("unload", "-n", "msdos") == 6
    assert tool.out == "cannot remove msdos\n    asked for as msdos (command line)\n"


@pytest.mark.parametrize("word", ["", ".", "..", "/", "fat/..", "a" * 6000, "\udcff", "[", "a b"])
def test_odd_words_mean_nothing(tool: Tool, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("LKM_KERNEL", "live")
    where = ("-d", f"{tool.place}/tree", "-S", "1.0")
    for verb in ("show", "info", "unload", "load"):
        assert tool(verb, *where, word) == 3, verb
        assert tool.err.startswith(f"lkm {verb}: ERROR: ") and tool.out == ""


def test_removing_what_the_tree_does_not_know(tool: Tool) -> None:
    gone = tool.place / "gone.ko"
    gone.write_bytes(build_module("gone", modinfo=[("license", "GPL"), ("vermagic", "1.0 "), ("intree", "Y")]))
    assert tool("load", str(gone)) == 0 and tool.out == f"loaded gone\n  gone: {UNSEEN}\n"
    assert tool("info", "gone") == 0 and "  file          (none is known)\n" in tool.out
    assert tool("unload", "gone") == 0 and tool.loaded() == []
    assert tool("load", str(gone)) == 0
    assert tool("unload", str(gone)) == 0 and tool.loaded() == []


def test_what_is_shown(tool: Tool) -> None:
    config = "options msdos size=3\nblacklist msdos\nforbid vfat because old\nsoftdep msdos pre: odd"
    assert tool("load", "msdos") == 0
    assert tool("info", "fs-msdos", "ext4", config=config) == 0
    world = World(f"{tool.place}/w")
    size = world.db.execute("SELECT size FROM modules WHERE name = 'msdos'").fetchone()[0]
    assert tool.out == (
        "msdos\n"
        "  meant by      fs-msdos (TREE/modules.alias)\n"
        "  license       GPL\n"
        f"  file          TREE/msdos.ko, {(tool.place / 'tree/lib/modules/1.0/msdos.ko').stat().st_size} bytes\n"
        "  built for     1.0 on x86_64\n"
        "  signature     none\n"
        f"  state         live, {size} bytes, use count 0\n"
        "  because       the kernel asks for it when a file system of type msdos is mounted\n"
        "  because       it is asked for as both\n"
        "  needs         fat\n"
        "  configured    blacklist msdos (TMP/x.conf:2)\n"
        "  configured    options msdos size=3 (TMP/x.conf:1)\n"
        "  configured    softdep msdos pre: odd (TMP/x.conf:4)\n"
        "  parameter  type  set by\n"
        "  size       int   3 (TMP/x.conf:1)\n"
        "      How big\n"
        "\n"
        "ext4\n"
        "  file          (part of the kernel)\n"
        "  state         part of the kernel\n"
    ), tool.out
    answer = tool.json("info", "fat", "vfat", config=config)
    fat, vfat = answer["modules"]
    assert fat["loaded"]["holders"] == ["msdos"] and fat["loaded"]["state"] == "live"
    assert vfat["configuration"] == [
        {
            "directive": "forbid",
            "line": "forbid vfat because old",
            "origin": {"file": f"{tool.place}/x.conf".replace(str(tool.place), "TMP"), "line": 3},
        }
    ]


def test_no_state_is_shown_of_another_kernels_module(tool: Tool, tree: Path) -> None:
    assert tool("load", "fat") == 0
    assert tool("info", "-d", str(tree), "fat") == 0
    assert "  state         unknown, as it is another kernel's module\n" in tool.out


def test_a_signal(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tool("load", "msdos", "vfat", config="install msdos kill -INT $$") == 130
    assert "msdos was not loaded: a signal came" in tool.err and "  it was SIGINT\n" in tool.err
    assert tool.loaded() == []


def test_ctrl_c_while_waiting_for_users(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    assert sim.main(["sim", "mount", "msdos"]) == 0
    monkeypatch.setattr("time.sleep", interrupted)
    answer = tool.json("unload", "-w", "1000", "msdos")
    assert (answer["status"], answer["cause"], tool.loaded()) == (130, "interrupted", ["msdos", "fat"])


def test_commands_print_to_stderr_beside_json_and_inherit_the_configuration(tool: Tool) -> None:
    config = 'install fat echo "$MODPROBE_OPTIONS"'
    answer = tool.json("load", "--no-cmdline", "fat", config=config)
    assert answer["requests"][0]["steps"][0]["result"] == {"outcome": "ran", "status": 0}
    assert tool.err == "-C TMP/x.conf --no-cmdline\n"


def test_quiet(tool: Tool) -> None:
    assert (tool("load", "-q", "fat", config="nonsense"), tool.out, tool.err) == (0, "", "")
    assert tool("load", "-q", "nosuch") == 3 and tool.err.startswith("lkm load: ERROR: ")


def test_an_error_that_nobody_foresees_is_json_too(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LKM_KERNEL", "sim:/nowhere")
    kernels.started_by = ""
    answer = tool.json("info", "fat")
    assert answer["status"] == 1 and "no such simulated kernel" in answer["messages"][0]["text"]


def test_modules_of_another_root(tool: Tool) -> None:
    place = tool.place / "more/lib/modules/1.0"
    place.mkdir(parents=True)
    info = [("license", "GPL"), ("vermagic", "1.0 "), ("intree", "Y")]
    (place / "extra.ko").write_bytes(build_module("extra", modinfo=info, needs=["fat_scan"]))
    assert depmod.main(["depmod", "-b", f"{tool.place}/more", "1.0"]) == 0
    assert tool("load", "extra") == 3
    more = f"--extra-root={tool.place}/more"
    assert tool("load", more, "extra") == 0 and tool.out == FAT.format("extra", UNSEEN)
    assert tool("info", more, "extra") == 0 and "  file          TMP/more/lib/modules/1.0/extra.ko, " in tool.out
    assert tool("unload", more, "extra") == 0 and tool.loaded() == []


@pytest.mark.parametrize("words", [("msdos",), ("both",), ("-i", "msdos"), ("ext4", "fat"), ("vfat", "size=3")])
def test_what_is_foretold_is_what_is_done(tool: Tool, words: tuple[str, ...]) -> None:
    config = "softdep msdos pre: other post: vfat\ninstall other true\noptions fat a=1"

    def steps(*more: str) -> list[tuple[str, str]]:
        requests = tool.json("load", *more, *words, config=config)["requests"]
        done = [step for request in requests for step in request["steps"]]
        return [(s["action"], s["module"]) for s in done if s["result"]["outcome"] in ("planned", "done", "ran")]

    foretold = steps("-n")
    assert tool.loaded() == []
    assert steps() == foretold


def test_a_reader_that_goes_away_leaves_nothing_half_done(tool: Tool) -> None:
    for words in (["load", "msdos"], ["modprobe", "-v", "vfat"]):
        read, write = os.pipe()
        os.close(read)
        (tool.place / "x.conf").write_text("install other true\nsoftdep vfat pre: other")
        done = subprocess.run([LKM, *words, "-C", f"{tool.place}/x.conf"], stdout=write, check=False)
        os.close(write)
        assert done.returncode == 141
    assert sorted(tool.loaded()) == ["fat", "msdos", "vfat"]


def test_a_linux_2_4_has_its_own_tools(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sim.main(["sim", "new", f"{tool.place}/old", "--dialect", "2.4"]) == 0
    monkeypatch.setenv("LKM_KERNEL", f"sim:{tool.place}/old")
    assert tool("load", "fat") == 2
    assert tool.err.startswith("lkm load: ERROR: this kernel is a Linux 2.4\n  modprobe, depmod")


def test_help() -> None:
    for verb in ("load", "unload", "info", "show"):
        assert main(["lkm", verb, "--help"]) == 0
    assert os.environ  # nothing was changed
