"""What tools say of a failure on a simulated kernel, what they keep of it, and what that still tells later."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from lkm.cli import depmod, sim
from lkm.cli.main import main
from lkm.kernel.sim.world import World
from lkm.system import world
from tests.support.elfwriter import build_module
from tests.support.schema import check

SHAPES: dict[str, tuple[list[str], list[str]]] = {
    "fat": (["fat_scan"], []),
    "msdos": ([], ["fat_scan"]),
    "vfat": ([], ["fat_scan"]),
    "odd": ([], ["no_such_symbol"]),
    "other": ([], []),
}


class Tool:
    """Calls ``lkm``, and keeps what it said without the directories."""

    def __init__(self, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.place = place
        self.tree = f"{place}/lib/modules/1.0"
        self.capfd = capfd
        self.out = self.err = ""

    def __call__(self, tool: str, *words: str, config: str = "") -> int:
        (self.place / "x.conf").write_text(config)
        where = ["-C", f"{self.place}/x.conf"] if tool in ("modprobe", "load", "unload") else []
        self.capfd.readouterr()
        status = main(["lkm", tool, *where, *words])
        self.out, self.err = [
            text.replace(self.tree, "TREE").replace(str(self.place), "TMP") for text in self.capfd.readouterr()
        ]
        return status

    def world(self, *statements: str) -> None:
        world = World(f"{self.place}/w")
        with world.change():
            for statement in statements:
                world.db.execute(statement)


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Tool:
    place = tmp_path / "lib/modules/1.0"
    place.mkdir(parents=True)
    for name, (exports, needs) in SHAPES.items():
        info = [("license", "GPL"), ("vermagic", "2.0 " if name == "other" else "1.0 "), ("intree", "Y")]
        info += [("parm", "size:How big"), ("parmtype", "size:int"), ("alias", "both")]
        (place / f"{name}.ko").write_bytes(build_module(name, modinfo=info, exports=exports, needs=needs))
    (place / "modules.builtin").write_text("kernel/fs/ext4.ko\n")
    assert depmod.main(["depmod", "-b", str(tmp_path), "1.0"]) == 0
    monkeypatch.setenv("LKM_KERNEL", f"sim:{tmp_path}/w")
    monkeypatch.delenv("MODPROBE_OPTIONS", raising=False)
    assert sim.main(["sim", "new", f"{tmp_path}/w", "--tree", str(tmp_path)]) == 0
    tool = Tool(tmp_path, capfd)
    tool.world("DELETE FROM exports WHERE name = 'no_such_symbol'")
    return tool


#: Tool and operands, configuration → the codes of what is found, and the status.
FAILURES: dict[str, tuple[str, str, list[str], int]] = {
    "insmod TREE/msdos.ko": ("", "could not insert module", ["missing-symbol"], 1),
    "insmod TREE/odd.ko": ("", "could not insert module", ["missing-symbol"], 1),
    "insmod TREE/other.ko": ("", "could not insert module", ["other-kernel"], 1),
    "insmod x.conf": ("", "could not insert module", ["empty-file"], 1),
    "modprobe odd": ("", "could not insert 'odd'", ["missing-symbol"], 1),
    "modprobe msods": ("", "Module msods not found in directory TREE", ["not-found"], 1),
    "modprobe msdos": ("forbid fat because old", "could not insert 'msdos'", ["forbidden"], 1),
    "modprobe fat": ("install fat exit 3", "could not insert 'fat'", ["install-command"], 1),
    "modprobe -r fat": ("remove fat exit 3", "Error running remove command for fat", ["remove-command"], 1),
    "modprobe -r ext4": ("", "Module ext4 is builtin.", ["not-loaded"], 1),
    "modprobe -r -n nosuch": ("", "Module nosuch not found.", ["not-found"], 1),
    "rmmod nosuch": ("", "Module nosuch is not currently loaded", ["not-loaded"], 1),
    "load other": ("", "other was not loaded: it was built for another kernel", ["other-kernel"], 11),
    "load odd": ("", "odd was not loaded: the kernel lacks symbols", ["missing-symbol"], 10),
    "load -b fat": ("blacklist fat", "fat (TMP/x.conf:1): the configuration blacklists it", ["blacklisted"], 4),
    "load -n msdos": ("forbid fat", "msdos would not be loaded: the configuration forbids it", ["forbidden"], 5),
    "load nosuch": ("", "there is no module or alias nosuch in TREE", ["not-found"], 3),
    "unload ext4": ("", "ext4 was not removed: it is part of the kernel itself", ["not-loaded"], 7),
}


def findings(answer: Any) -> Any:
    """Return the findings of an answer with --json: of the only request, removal or module."""
    for key in ("requests", "removals", "modules"):
        if key in answer:
            (one,) = answer[key]
            return one["findings"]
    return answer["findings"]


@pytest.mark.parametrize("words", FAILURES)
def test_every_failure_is_explained_at_once_in_json_and_later(tool: Tool, words: str) -> None:
    config, line, codes, status = FAILURES[words]
    name, *more = words.replace("TREE", tool.tree).replace("x.conf", f"{tool.place}/x.conf").split()
    kept = f"{tool.place}/incident"
    assert tool(name, *more, config=config) == status
    said = [text for text in tool.err.splitlines() if not text.startswith(" ")]
    explained = [text for text in tool.err.splitlines() if text.startswith(" ")]
    assert line in said[-1] and any(f"[{codes[0]}]" in text for text in explained), tool.err
    assert tool(name, "--classic", *more, config=config) == status
    assert tool.err.splitlines() == said
    assert tool(name, "-q", *more, config=config) == status
    assert tool.err.splitlines() == (said if name in ("load", "unload") else [])
    assert tool(name, "--json", "--incident", kept, *more, config=config) == status
    found = findings(check(tool.out))
    assert [each["code"] for each in found] == codes
    tool.world("DELETE FROM exports", "UPDATE meta SET value = 'gone' WHERE key IN ('tree', 'release', 'vermagic')")
    for path in Path(tool.tree).iterdir():
        path.unlink()
    os.environ["LKM_KERNEL"] = "live"  # another machine; put back by the fixture's monkeypatch
    assert tool("explain", "--json", "--incident", kept) == 0
    assert findings(check(tool.out)) == found


def test_an_incident_has_all_failures_of_a_call_and_is_for_its_owner_alone(tool: Tool) -> None:
    kept = tool.place / "an incident"
    kept.write_text("old")
    assert tool("rmmod", "--incident", str(kept), "a", "b") == 1
    assert tool.err.count("\n  `lkm explain --incident 'TMP/an incident'` explains it again, on any machine\n") == 2
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    value = json.loads(kept.read_text())
    assert (value["schema"], value["tool"], value["arguments"]) == ("lkm-incident/1", "rmmod", ["a", "b"])
    assert [(failure["request"], failure["said"]) for failure in value["failures"]] == [
        ("a", "Module a is not currently loaded"),
        ("b", "Module b is not currently loaded"),
    ]
    assert tool("explain", "--incident", str(kept)) == 0
    assert tool.out.startswith("a:\n") and "\nb:\n" in tool.out and tool.out.count(" [not-loaded]\n") == 2


def test_what_an_incident_keeps_of_the_file_and_the_configuration(tool: Tool) -> None:
    kept = tool.place / "incident"
    config = "options odd size=3\noptions fat size=4\nblacklist o*\nblacklist odd"
    assert tool("load", "--incident", str(kept), "odd", "size=5", config=config) == 10
    (failure,) = json.loads(kept.read_text())["failures"]
    evidence = failure["evidence"]
    assert evidence["file"]["path"] == f"{tool.tree}/odd.ko" and len(failure["sha256"]) == 64
    assert evidence["attempt"]["parameters"] == "size=3 size=5"
    assert evidence["attempt"]["errno"] == "ENOENT" and evidence["attempt"]["log"]
    assert [each["text"] for each in evidence["settings"]["options"]] == ["size=3"]
    assert [each["origin"]["line"] for each in evidence["settings"]["blacklists"]] == [3, 4]
    assert evidence["kernel"]["release"] == "1.0" and evidence["caller"]["uid"] == -1  # a world has no callers


def test_no_failure_no_incident(tool: Tool) -> None:
    assert tool("load", "--incident", f"{tool.place}/incident", "fat") == 0
    assert not (tool.place / "incident").exists()


def test_an_incident_that_cannot_be_written_is_told_of(tool: Tool) -> None:
    for name in ("insmod", "load"):
        assert tool(name, "--incident", "/nowhere/x", f"{tool.tree}/odd.ko") == {"insmod": 1, "load": 10}[name]
        assert "WARNING: the incident is not written: /nowhere/x: No such file or directory\n" in tool.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--incident", "TMP/nosuch"), "TMP/nosuch: No such file or directory"),
        (("--incident", "TMP/x.conf"), "TMP/x.conf: this is no incident: it is not JSON"),
        (("--incident", "TMP/x.conf", "odd"), "an incident has all that is known"),
        (("--incident", "TMP/x.conf", "--errno", "8"), "an incident has all that is known"),
    ],
)
def test_incidents_that_are_none(tool: Tool, words: tuple[str, ...], said: str) -> None:
    assert tool("explain", *[word.replace("TMP", str(tool.place)) for word in words]) == 2
    assert said in tool.err and tool.out == ""


def test_what_was_loaded_for_a_request_counts_although_it_is_taken_back(tool: Tool) -> None:
    tool.world("INSERT INTO faults VALUES('msdos', 'init', '19')")
    assert tool("load", "msdos") == 15
    assert "[likely, no-device]" in tool.err and "missing-symbol" not in tool.err
    assert "  removed again, as loaded for msdos only: fat\n" in tool.err


def test_users_are_told_with_what_ends_them(tool: Tool) -> None:
    tool("load", "msdos")
    for call in (("rmmod", "fat"), ("rmmod", "-f", "fat"), ("modprobe", "-r", "fat"), ("unload", "fat")):
        assert tool(*call) in (1, 6)
        assert "  fat is in use by module msdos [in-use]\n    cure: " in tool.err, call


def test_a_blacklisted_alias_is_no_failure_to_modprobe_but_json_tells_why(tool: Tool) -> None:
    config = "blacklist fat"
    assert tool("modprobe", "-b", "--json", "fat", config=config) == 0
    (request,) = check(tool.out)["requests"]
    assert request["cause"] == "blacklisted" and [f["code"] for f in request["findings"]] == ["blacklisted"]
    assert tool.err == "modprobe: WARNING: Module fat is blacklisted, and not loaded: TMP/x.conf:1\n"


def test_explain_knows_the_configuration_of_the_machine(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tool.place / "etc.conf"
    config.write_text("forbid fat because old\n")
    monkeypatch.setattr(world, "modprobe_files", lambda **_: [(str(config), config.read_text())])
    assert tool("explain", "fat") == 0
    assert "fat is forbidden by TMP/etc.conf:1, because old [forbidden]\n" in tool.out
