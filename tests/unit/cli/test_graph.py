"""Pictures of real trees: User-Mode Linux's, and Debian's with 4,000 modules; the page in a real browser."""

from __future__ import annotations

import json
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.cli.graph import main
from tests.support import schema
from tests.support.modprobe import linked_tree
from tests.support.trees import debian_modules, uml_modules

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    root, release = uml_modules()

    def call(*words: str) -> tuple[int, str, str]:
        status = main(["graph", "-d", str(root), "-S", release, *words])
        out, err = capfd.readouterr()
        return status, out, err

    return call


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    root, release = debian_modules()
    return linked_tree(root, release, tmp_path_factory.mktemp("debian") / "root"), release


def browser(url: str, place: Path) -> str:
    command = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={place}/profile"]
    command += ["--window-size=1200,800", "--virtual-time-budget=2000", "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=100).stdout


def test_what_a_module_needs_and_who_needs_it(run: Run) -> None:
    status, out, _ = run("msdos")
    assert status == 0
    assert '"msdos" -> "fat";' in out
    assert "vfat" not in out
    users = ['"msdos" -> "fat";', '"vfat" -> "fat";']
    for words in (["fat"], ["--reverse", "fat"]):
        assert [line.strip() for line in run(*words)[1].splitlines() if "->" in line] == users
    assert "->" not in run("--needs", "fat")[1] and "->" not in run("--depth", "0", "msdos")[1]


def test_the_page_opens_with_what_was_named(run: Run, tmp_path: Path) -> None:
    assert run("--reverse", "fat", "-o", str(tmp_path / "x.html"))[0] == 0
    drawn = browser(f"file://{tmp_path}/x.html", tmp_path)
    assert "<h2>fat</h2>" in drawn
    net = drawn[drawn.index("<svg") : drawn.index("</svg>")]
    assert all(f">{name}</text>" in net for name in ("fat", "msdos", "vfat"))


def test_a_foreign_root_is_for_another_kernel(debian: tuple[Path, str], capfd: pytest.CaptureFixture[str]) -> None:
    root, release = debian
    assert main(["graph", "-d", str(root), "--format", "json", "vfat"]) == 0
    assert json.loads(capfd.readouterr().out)["release"] == release


def test_forms(run: Run, tmp_path: Path) -> None:
    for form in ("svg", "html", "dot", "json"):
        assert run("vfat", "-o", str(tmp_path / f"x.{form}")) == (0, "", "")
    names = {module["name"] for module in schema.check((tmp_path / "x.json").read_text())["modules"]}
    assert names == {"vfat", "fat"}
    assert ET.fromstring((tmp_path / "x.svg").read_text()).tag.endswith("svg")
    assert (tmp_path / "x.dot").read_text() == run("vfat")[1]
    assert run("vfat", "-o", str(tmp_path / "y"), "--format", "dot")[0] == 0
    assert (tmp_path / "y").read_text() == (tmp_path / "x.dot").read_text()


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["-o", "x.png"], "the ending of 'x.png' tells no form"),
        (["--format", "png"], "'png' is no form"),
        (["vfta"], "there is no module vfta"),
        (["--depth", "x", "fat"], "--depth wants a number, not 'x'"),
        (["--reverse"], "want a module to start from"),
        (["--needs"], "want a module to start from"),
        (["--needs", "--reverse", "fat"], "leave nothing to draw"),
        (["-o", "/nowhere/x.svg"], "/nowhere: there is no such directory"),
        (["-S", "9.9"], "no module directory for kernel 9.9"),
    ],
)
def test_what_cannot_be(run: Run, words: list[str], what: str) -> None:
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert what in err


def test_no_index(run: Run, tmp_path: Path) -> None:
    (tmp_path / "lib/modules/6.9").mkdir(parents=True)
    status, _, err = run("-d", str(tmp_path), "-S", "6.9")
    assert (status, f"`lkm depmod -b {tmp_path} 6.9`" in err) == (2, True)


def test_four_thousand_modules(debian: tuple[Path, str], tmp_path: Path, tell: Callable[[str], None]) -> None:
    root, release = debian
    told = []
    for form, most in (("svg", 3 << 20), ("html", 1 << 20), ("dot", 1 << 20), ("json", 2 << 20)):
        start = time.perf_counter()
        assert main(["graph", "-d", str(root), "-S", release, "-o", str(tmp_path / f"x.{form}")]) == 0
        seconds = time.perf_counter() - start
        size = (tmp_path / f"x.{form}").stat().st_size
        assert size < most
        assert seconds < 20  # 0.3 to 0.6 s on an idle machine
        told.append(f"{form} {size >> 10} KiB in {seconds:.1f} s")
    tell(f"graph of {release}: {', '.join(told)}")
    answer = json.loads((tmp_path / "x.json").read_text())
    assert len(answer["modules"]) > 3500
    assert ["ext4", "jbd2", "needs"] in [[e["from"], e["to"], e["kind"]] for e in answer["edges"]]
    # All of them in a browser: a module that the address names is shown, with both its lists.
    page = browser(f"file://{tmp_path}/x.html#mac80211", tmp_path)
    info = page[page.index("<aside") : page.index("</aside>")]
    assert "<h2>mac80211</h2>" in info
    assert ">cfg80211</button>" in info[info.index("Needs (") : info.index("Needed by (")]
    assert ">iwlmvm</button>" in info[info.index("Needed by (") :]


def test_search_and_graph_in_a_browser(run: Run, tmp_path: Path) -> None:
    assert run("-o", str(tmp_path / "x.html"))[0] == 0
    found = browser(f"file://{tmp_path}/x.html#q=fat", tmp_path)
    hits = found[found.index('<div id="hits">') :]
    assert hits.index(">fat</button>") < hits.index(">vfat</button>")
    drawn = browser(f"file://{tmp_path}/x.html#vfat/graph", tmp_path)
    net = drawn[drawn.index("<svg") : drawn.index("</svg>")]
    assert ">vfat</text>" in net
    assert ">fat</text>" in net
    assert net.count("<path") == 1
