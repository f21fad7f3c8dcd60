"""``--json`` of every tool: what is really answered is as the shipped schema says, and holds what is printed else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from lkm.cli import depmod, sim
from lkm.cli.main import CLASSIC, main
from lkm.diagnose.effects import VERDICTS
from lkm.plan.steps import KINDS
from lkm.report.causes import CAUSES
from lkm.report.document import SCHEMA
from lkm.state import snapshot
from tests.support.elfwriter import build_module
from tests.support.kernels import LKM
from tests.support.schema import SHIPPED, check

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("json")
    place = base / "lib/modules/1.0"
    place.mkdir(parents=True)
    for name, exports, needs in (
        ("fat", ["fat_scan"], []),
        ("msdos", [], ["fat_scan", "register_filesystem"]),
        ("odd", [], ["nowhere"]),
    ):
        info = [("license", "GPL"), ("vermagic", "1.0 "), ("intree", "Y"), ("alias", f"fs-{name}"), ("alias", "all")]
        info += [("author", "A"), ("author", "B\udcff"), ("parm", "size:How big"), ("parmtype", "size:int")]
        (place / f"{name}.ko").write_bytes(build_module(name, modinfo=info, exports=exports, needs=needs))
    (place / "modules.builtin").write_text("kernel/fs/ext4.ko\n")
    assert depmod.main(["depmod", "-b", str(base), "1.0"]) == 0
    return base


@pytest.fixture
def call(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.setenv("LKM_KERNEL", f"sim:{tmp_path}/w")
    monkeypatch.delenv("MODPROBE_OPTIONS", raising=False)
    assert sim.main(["sim", "new", f"{tmp_path}/w", "--tree", str(tree)]) == 0

    def call(tool: str, *words: str, status: int = 0, config: str = "") -> Any:
        (tmp_path / "x.conf").write_text(config)
        where = ["-C", str(tmp_path / "x.conf")] if tool in ("modprobe", "load", "unload", "info", "show") else []
        capfd.readouterr()
        assert main(["lkm", tool, "--json", *where, *words]) == status, capfd.readouterr()
        answer = check(capfd.readouterr().out)
        assert (answer["tool"], answer["status"]) == (tool, status)
        return answer

    return call


def outcomes(steps: list[Any]) -> list[tuple[str, str, str | None]]:
    return [(s["action"], s["module"], s["result"] and s["result"]["outcome"]) for s in steps]


#: Tools besides the classic ones that answer with an object.
OTHERS = [
    *("autoclean", "check", "coldplug", "effects", "explain", "graph", "helper", "info", "lint", "list", "load"),
    *("policy", "request", "show", "surface", "unload"),
]


def test_the_schema_is_one_and_says_what_the_code_has() -> None:
    jsonschema.Draft202012Validator.check_schema(SHIPPED)
    assert SHIPPED["$id"] == SCHEMA
    tools = [name for variant in SHIPPED["oneOf"] for name in variant["properties"]["tool"]["enum"]]
    assert sorted(tools) == sorted([*CLASSIC, *OTHERS])
    assert SHIPPED["$defs"]["request"]["properties"]["cause"]["enum"] == list(CAUSES)
    assert SHIPPED["$defs"]["reason"]["properties"]["kind"]["enum"] == list(KINDS)
    assert SHIPPED["$defs"]["change"]["properties"]["kind"]["enum"] == list(snapshot.KINDS)
    verdict = SHIPPED["$defs"]["effects"]["properties"]["modules"]["items"]["properties"]["verdict"]
    assert verdict["properties"]["code"]["enum"] == list(VERDICTS)


def test_an_answer_that_is_not_so_is_noticed() -> None:
    good = {"schema": "lkm/1", "tool": "lsmod", "status": 0, "modules": [], "messages": []}
    check(json.dumps(good))
    for bad in ({**good, "more": 1}, {**good, "modules": [{}]}, {**good, "schema": "lkm/2"}):
        with pytest.raises(jsonschema.ValidationError):
            check(json.dumps(bad))
        jsonschema.Draft202012Validator(SHIPPED).is_valid(bad)
    assert jsonschema.Draft202012Validator(SHIPPED).is_valid({**good, "more": 1})  # fields may be added


def test_modprobe_loads_and_removes(call: Call) -> None:
    (request,) = call("modprobe", "msdos", "size=3", config="options fat x=1")["requests"]
    assert outcomes(request["steps"]) == [("insert", "fat", "done"), ("insert", "msdos", "done")]
    assert [step["options"] for step in request["steps"]] == ["x=1", "size=3"]
    assert (request["cause"], request["planned"], request["alias"]) == ("done", False, None)
    (request,) = call("modprobe", "-r", "fat", status=1)["requests"]
    assert request["cause"] == "in-use" and outcomes(request["steps"]) == [("remove", "fat", "refused")]
    (request,) = call("modprobe", "-r", "msdos")["requests"]
    assert outcomes(request["steps"]) == [("remove", "msdos", "done"), ("remove", "fat", "done")]
    assert call("modprobe", "-r", "ext4", status=1)["requests"][0]["cause"] == "builtin"
    assert call("modprobe", "-r", "nosuch", status=1)["requests"][0]["cause"] == "not-found"


def test_modprobe_plans(call: Call) -> None:
    for option in ("-n", "-D"):
        (request,) = call("modprobe", option, "fs-msdos")["requests"]
        assert outcomes(request["steps"]) == [("insert", "fat", "planned"), ("insert", "msdos", "planned")]
        assert request["planned"] and request["alias"] == "fs_msdos"
    requests = call("modprobe", "-R", "all")["requests"]
    assert sorted(request["module"] for request in requests) == ["fat", "msdos", "odd"]
    config = "forbid fat because old\nsoftdep odd pre: msdos\ninstall odd true\nremove odd true"
    (request,) = call("modprobe", "-n", "msdos", config=config, status=1)["requests"]
    assert request["cause"] == "forbidden" and request["steps"][0]["because"] == "old"
    (request,) = call("modprobe", "-n", "odd", config="install odd true")["requests"]
    assert request["steps"][0]["command"] == "true"
    (request,) = call("modprobe", "-b", "fat", config="blacklist fat")["requests"]
    assert request["cause"] == "blacklisted" and request["steps"][0]["origin"]["line"] == 1
    assert call("modprobe", "-a", "nosuch", "-n", status=1)["messages"][0]["level"] == "warning"


def test_modprobe_fails_and_takes_back(call: Call) -> None:
    (request,) = call("modprobe", "msdos", config="install msdos echo no; exit 3", status=1)["requests"]
    assert request["cause"] == "command" and request["steps"][1]["result"] == {"outcome": "ran", "status": 3}
    assert outcomes(request["undone"]) == [("remove", "fat", "done")]
    answer = call("modprobe", "msdos", config="install msdos kill -INT $$", status=130)
    assert answer["requests"][0]["cause"] == "interrupted"


def test_modprobe_shows(call: Call, tree: Path) -> None:
    config = (
        "alias a b\nblacklist b\noptions b c=1\ninstall b x\nremove b y\nsoftdep b pre: c\nweakdep b c\nforbid d\nbad"
    )
    answer = call("modprobe", "-c", config=config)
    kinds = [each["directive"] for each in answer["configuration"]]
    assert kinds == ["blacklist", "install", "remove", "alias", "options", "softdep", "weakdep", "forbid"]
    assert {"alias": "fs_msdos", "module": "msdos"} in answer["aliases"]
    assert "unknown directive" in answer["messages"][0]["text"]
    assert "aliases" not in call("modprobe", "-c", "--origin")
    path = str(tree / "lib/modules/1.0/fat.ko")
    assert call("modprobe", "--show-exports", path)["symbols"] == [{"name": "fat_scan", "crc": 0}]
    assert call("modprobe", "--show-modversions", path, status=1)["symbols"] == []


def test_insmod_rmmod_lsmod(call: Call, tree: Path) -> None:
    place = tree / "lib/modules/1.0"
    refused = call("insmod", str(place / "msdos.ko"), status=1)["result"]
    assert (refused["outcome"], refused["errno"]["name"]) == ("refused", "ENOENT")
    assert any("fat_scan" in line for line in refused["log"])
    assert call("insmod", str(place / "fat.ko"), "a=1", "b=2")["parameters"] == "a=1 b=2"
    assert call("insmod", "/nowhere", status=1)["result"]["call"] == "open"
    call("insmod", str(place / "msdos.ko"))
    modules = call("lsmod")["modules"]
    assert [(m["name"], m["refcount"], m["holders"]) for m in modules] == [("msdos", 0, []), ("fat", 1, ["msdos"])]
    answer = call("rmmod", "fat", "nosuch", "ext4", "msdos", status=1)
    assert [(r["module"], r["result"]["outcome"]) for r in answer["removals"]] == [
        ("fat", "refused"),
        ("nosuch", "refused"),
        ("ext4", "refused"),
        ("msdos", "done"),
    ]
    assert [message["text"] for message in answer["messages"]] == [
        "Module fat is in use by: msdos",
        "Module nosuch is not currently loaded",
        "Module ext4 is builtin.",
    ]
    assert call("rmmod", "-f", "nosuch", status=1)["removals"][0]["result"]["call"] == "delete_module"


def test_modinfo(call: Call, tree: Path) -> None:
    answer = call("modinfo", "fat", "fs-msdos", "ext4", "nosuch", str(tree / "lib/modules/1.0/odd.ko"), status=1)
    fat, msdos, ext4, odd = answer["modules"]
    assert fat["fields"]["author"] == ["A", "B\udcff"] and fat["fields"]["license"] == ["GPL"]
    assert fat["parameters"] == [{"name": "size", "type": "int", "description": "How big"}]
    assert (msdos["request"], msdos["module"]) == ("fs-msdos", "msdos") and odd["path"].endswith("/odd.ko")
    assert (ext4["path"], ext4["builtin"], ext4["fields"]) == (None, True, {})
    assert answer["messages"][0]["text"] == "Module nosuch not found."
    (only,) = call("modinfo", "-F", "Author", "fat")["modules"]
    assert (list(only["fields"]), only["parameters"]) == (["author"], [])
    (only,) = call("modinfo", "-p", "fat")["modules"]
    assert (only["fields"], len(only["parameters"])) == ({}, 1)
    assert call("modinfo", status=1)["modules"] == []


def test_effects(call: Call) -> None:
    (request,) = call("load", "msdos")["requests"]
    fat, msdos = request["effects"]["modules"]
    assert (fat["module"], fat["verdict"]["code"], fat["exports"], fat["users"]) == ("fat", "library", 1, ["msdos"])
    assert (msdos["action"], msdos["verdict"]["code"], msdos["size"] > 0) == ("loaded", "serves", True)
    (change,) = msdos["changes"]
    assert change == {
        "change": "appeared",
        "kind": "filesystem",
        "name": "msdos",
        "owner": "msdos",
        "before": None,
        "after": "nodev",
    }
    (request,) = call("unload", "msdos")["requests"]
    verdicts = [module["verdict"]["text"] for module in request["effects"]["modules"]]
    assert verdicts == ["out, and with it file system msdos", "out"]
    assert request["effects"]["size"] < 0 and request["effects"]["modules"][0]["changes"][0]["after"] is None
    assert "effects" not in call("load", "--no-effects", "fat")["requests"][0]
    assert "effects" not in call("load", "-n", "msdos")["requests"][0]
    answer = call("effects", "--", "sh", "-c", f"{LKM} modprobe -C /dev/null msdos; echo said; exit 5", status=5)
    assert answer["command_status"] == 5 and answer["effects"]["modules"][0]["changes"] == [change]
    assert call("effects", "--", "true")["effects"] == {"modules": [], "others": [], "log": [], "size": 0}
    assert call("effects", "--", "/nowhere", status=2)["messages"][0]["text"].startswith("/nowhere: cannot run it")


def test_list(call: Call) -> None:
    assert call("list")["modules"] == [] and call("list")["complete"]
    call("modprobe", "msdos")
    sim.main(["sim", "mount", "msdos"])
    msdos, fat = call("list")["modules"]
    assert (msdos["name"], msdos["users"][0]["what"], fat["holders"]) == ("msdos", "mount msdos", ["msdos"])
    assert fat["path"].endswith("/fat.ko") and fat["signature"] is None and fat["since"] == "0 s after boot"
    assert [m["name"] for m in call("list", "f*")["modules"]] == ["fat"]
    assert call("list", "--unused", status=1)["modules"] == []
    assert call("list", "--sort", "odd", status=2)["messages"][0]["text"] == "there is no order 'odd'"


def test_depmod(call: Call, tree: Path) -> None:
    answer = call("depmod", "-n", "-v", "-b", str(tree), "1.0")
    assert (answer["modules"], answer["written"]) == (3, False)
    assert {"modules.dep", "modules.alias.bin"} <= {file["name"] for file in answer["files"]}
    (tree / "lib/modules/1.0/modules.dep").unlink()
    answer = call("depmod", "-b", str(tree), "1.0")
    assert answer["written"] and answer["directory"] == str(tree / "lib/modules/1.0")
    sizes = {file["name"]: file["size"] for file in answer["files"]}
    assert sizes["modules.dep"] == (tree / "lib/modules/1.0/modules.dep").stat().st_size
    answer = call("depmod", "-b", "/nowhere", "1.0", status=1)
    assert answer["modules"] is None and answer["messages"][-1]["level"] == "fatal"


@pytest.mark.parametrize("verb", ["load", "unload", "info", "show"])
def test_the_verbs(call: Call, verb: str) -> None:
    sim.main(["sim", "mount", "msdos"])
    config = "options fat a=1\nsoftdep msdos pre: odd post: nosuch\nblacklist odd"
    answer = call(verb, "fat", "msdos", "ext4", config=config, status={"unload": 6}.get(verb, 0))
    assert answer["cause"] == ("in-use" if verb == "unload" else "done")
    assert call(verb, "nosuch", status=3)["cause"] == "not-found"
    assert call(verb, status=2)["cause"] == "usage"
    if verb not in ("info", "show"):
        request = call(verb, "-n", "msdos", config=config, status={"unload": 6}.get(verb, 0))["requests"][0]
        assert request["planned"] and request["module"] == "msdos"
