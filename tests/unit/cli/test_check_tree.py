"""`lkm check` of a whole tree with its configuration: what modprobe.d says, circles, twins, files passed over."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lkm.cli.check import main
from lkm.cli.depmod import main as depmod
from lkm.modfile.nouns import Export
from tests.support import schema
from tests.support.elfwriter import build_module
from tests.support.kernelwriter import build_kernel

RELEASE, VERMAGIC = "9.9.9", "9.9.9 SMP mod_unload "
Check = Callable[..., tuple[int, dict[str, dict[str, Any]]]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root with a made kernel and no modules yet."""
    root = tmp_path / "root"
    (root / "boot").mkdir(parents=True)
    (root / f"boot/vmlinuz-{RELEASE}").write_bytes(build_kernel([Export("f"), Export("g", True)]))
    (root / "etc/modprobe.d").mkdir(parents=True)
    return root


def put(root: Path, name: str, place: str = "kernel", **parts: Any) -> Path:
    path = root / "lib/modules" / RELEASE / place / f"{name}.ko"
    path.parent.mkdir(parents=True, exist_ok=True)
    modinfo = [("license", "GPL"), ("vermagic", VERMAGIC), ("intree", "Y"), *parts.pop("modinfo", ())]
    path.write_bytes(build_module(name, modinfo=modinfo, **parts))
    return path


@pytest.fixture
def check(root: Path, capfd: pytest.CaptureFixture[str]) -> Check:
    def call(*words: str) -> tuple[int, dict[str, dict[str, Any]]]:
        depmod(["depmod", "-b", str(root), RELEASE])
        capfd.readouterr()
        status = main(["check", "--json", "-d", str(root), "-S", RELEASE, *words])
        return status, {each["name"]: each for each in schema.check(capfd.readouterr().out).get("modules", [])}

    return call


def codes(module: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in module["findings"]]


PARAMETER = [("parm", "size:how many"), ("parmtype", "size:int")]


def test_what_modprobe_d_gives_is_given(root: Path, check: Check) -> None:
    path = put(root, "a", modinfo=PARAMETER)
    put(root, "b", modinfo=[*PARAMETER, ("depends", "a")], needs=("of_a",))
    put(root, "a", modinfo=PARAMETER, exports=("of_a",))
    conf = root / "etc/modprobe.d/x.conf"
    conf.write_text("# sizes\noptions a size=many\noptions b seize=1\noptions c size=4\n")
    status, modules = check("--all")
    assert (status, modules["a"]["errno"], codes(modules["a"])) == (1, "EINVAL", ["bad-parameter"])
    said = modules["a"]["findings"][0]["evidence"]
    assert [fact for fact in said if str(conf) in fact["origin"]] == [
        {"text": "options a size=many", "origin": f"{conf}:2"}
    ]
    assert codes(modules["b"]) == ["refused-need", "unknown-parameter"]
    unknown = modules["b"]["findings"][1]
    assert "did you mean 'size'?" in unknown["what"]
    assert {"text": "options b seize=1", "origin": f"{conf}:3"} in unknown["evidence"]
    assert check(str(path))[0] == 0  # a file gets what insmod gives it
    assert check("a", "size=2")[0] == 1  # what is configured comes first, and is bad
    conf.write_text("options a size=3\n")
    assert check("--all")[0] == 0
    assert check("--cmdline", "quiet a.size=99999999999", "--all")[0] == 1
    other = root / "other.conf"
    other.write_text("options a size=junk\n")
    assert check("-C", str(other), "a")[0] == 1


def test_what_else_modprobe_d_says_is_told(root: Path, check: Check) -> None:
    for name in "abcd":
        put(root, name)
    text = "blacklist a\ninstall b /bin/false\nforbid c because of X\n"
    (root / "etc/modprobe.d/x.conf").write_text(text)
    status, modules = check("--all")
    assert [codes(modules[name]) for name in "abcd"] == [["blacklisted"], ["install-command"], ["forbidden"], []]
    assert (status, {module["verdict"] for module in modules.values()}) == (0, {"loads"})
    assert "x.conf:3" in json.dumps(modules["c"]["findings"])


def test_a_circle(root: Path, check: Check) -> None:
    put(root, "a", exports=("of_a",), needs=("of_b",), modinfo=[("depends", "b")])
    put(root, "b", exports=("of_b",), needs=("of_c",), modinfo=[("depends", "c")])
    put(root, "c", exports=("of_c",), needs=("of_a",), modinfo=[("depends", "a")])
    put(root, "d", exports=("of_d",), needs=("f",))
    status, modules = check("--all")  # depmod has refused the tree, so there is no index
    assert (status, modules["d"]["verdict"], modules["a"]["errno"]) == (1, "unknown", "ENOENT")
    assert modules["a"]["findings"][0]["what"] == "it needs itself: a -> b -> c -> a"
    assert [codes(modules[name])[0] for name in "abc"] == ["dependency-cycle"] * 3


def test_two_files_of_one_name(root: Path, check: Check) -> None:
    old, new = put(root, "a"), put(root, "a", "updates")
    status, modules = check("--all")
    assert (status, modules["a"]["file"], codes(modules["a"])) == (0, str(new), ["shadowed"])
    assert modules["a"]["findings"][0]["evidence"][1] == {"text": "has the same name", "origin": str(old)}


def test_two_owners_of_a_symbol(root: Path, check: Check) -> None:
    put(root, "a", exports=("same",))
    put(root, "b", exports=("same",))
    put(root, "c", needs=("same",), modinfo=[("depends", "a")])
    status, modules = check("--all")
    assert status == 0
    assert [codes(modules[name]) for name in "abc"] == [["shared-export"], ["shared-export"], []]


def test_a_softdep_that_is_nowhere(root: Path, check: Check) -> None:
    put(root, "a", modinfo=[("softdep", "pre: b nowhere")])
    put(root, "b")
    status, modules = check("--all")
    assert (status, codes(modules["a"]), codes(modules["b"])) == (0, ["absent-softdep"], [])
    assert modules["a"]["findings"][0]["what"].startswith("it wants nowhere beside it")


def test_firmware(root: Path, check: Check) -> None:
    put(root, "a", modinfo=[("firmware", "a.bin"), ("firmware", "b.bin")])
    assert codes(check("--all")[1]["a"]) == []
    (root / "lib/firmware").mkdir()
    (root / "lib/firmware/a.bin.xz").touch()
    (finding,) = check("--all")[1]["a"]["findings"]
    assert finding["what"] == "firmware is missing: b.bin"


def test_a_file_that_no_index_has(root: Path, check: Check, capfd: pytest.CaptureFixture[str]) -> None:
    put(root, "a")
    check("--all")
    put(root, "late")
    main(["check", "--json", "-d", str(root), "-S", RELEASE, "--all"])
    modules = json.loads(capfd.readouterr().out)["modules"]
    assert [(module["name"], module["verdict"], codes(module)) for module in modules] == [
        ("a", "loads", []),
        ("late", "loads", ["bad-index"]),
    ]


def test_many_sick_modules_are_told_by_cause(root: Path, check: Check, capfd: pytest.CaptureFixture[str]) -> None:
    for number in range(12):
        put(root, f"m{number}", needs=("gone", f"gone{number}" if number == 5 else "f"))
    put(root, "well", needs=("f",))
    check("--all")
    words = ["check", "-d", str(root), "-S", RELEASE, "--all"]
    assert main(words) == 1
    out = capfd.readouterr().out
    assert out == (
        "12 modules would be refused (ENOENT) [missing-symbol]: m0, m1, m10, m11, m2 and 7 more\n"
        "  11: nobody provides a symbol that it needs: gone\n"
        "  1: nobody provides 2 symbols that it needs: gone, gone5\n"
        "13 modules for 9.9.9: 1 would load, 12 would be refused\n"
    )
    assert main([*words, "-v"]) == 1
    assert capfd.readouterr().out.count("would be refused (ENOENT): ") == 12


def test_sarif_has_help_and_places(root: Path, check: Check, capfd: pytest.CaptureFixture[str]) -> None:
    put(root, "odd name%", needs=("gone",))
    put(root, "b", modinfo=[("softdep", "pre: nowhere")])
    check("--all")
    assert main(["check", "--sarif", "-d", str(root), "-S", RELEASE, "--all"]) == 1
    (run,) = json.loads(capfd.readouterr().out)["runs"]
    assert [(row["ruleId"], row["level"]) for row in run["results"]] == [
        ("absent-softdep", "warning"),
        ("missing-symbol", "error"),
    ]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[row["ruleIndex"]]["id"] for row in run["results"]] == [row["ruleId"] for row in run["results"]]
    assert "modprobe instead of insmod" in rules[1]["help"]["text"]
    place = run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place.startswith("file:///") and place.endswith("/kernel/odd%20name%25.ko")
    (related,) = run["results"][0]["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"].endswith("/modules.softdep")
    assert related["physicalLocation"]["region"]["startLine"] > 0
