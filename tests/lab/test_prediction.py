"""The simulated kernel, made from the User-Mode Linux binary, against that kernel itself, for its modules.

Every load and unload is made in both. Compared are errno and what is said on symbols and parameters, and then what
the real kernel has registered with what was predicted. What a module's own init returns is listed.
"""

from __future__ import annotations

import errno
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lkm import lab
from lkm.cli import sim
from lkm.formats.source import BytesSource
from lkm.kernel.interface import Refused
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.modfile import predict
from lkm.modfile.facts import read
from lkm.names import ModuleName
from tests.lab.test_all_modules import REFUSING, module_names
from tests.support.trees import uml_modules

pytestmark = pytest.mark.lab
DRIVER = Path(__file__).with_name("prediction_guest.py")
UML = "/usr/bin/linux.uml"
#: What the kernel says before any init runs.
SAID = re.compile(r"Unknown symbol|unknown parameter|disagrees about|version magic|No module found|taints? kernel")
#: These cannot be removed: their own init takes references (inet_register_protosw, a socket of its own), which
#: nothing in the file tells. Really EAGAIN, simulated 0.
HELD_BY_THEIR_INIT = frozenset(("dccp", "dccp_ipv4", "dccp_ipv6", "sctp", "ip6_udp_tunnel", "udp_tunnel"))
KINDS = ("filesystem", "char", "block", "misc", "family", "netdev", "parameter")


def real(names: list[str]) -> dict[str, dict[str, Any]]:
    """Return the guest's answers; a module that ends the guest has none, and the next guest goes on after it."""
    answers: dict[str, dict[str, Any]] = {}
    rest = names
    root = Path(__file__).parents[2]
    while rest:
        command = ["env", f"PYTHONPATH={root}", sys.executable, str(DRIVER), *rest]
        result = lab.run(command, timeout=1500)
        last = ""
        for line in result.stdout.decode("utf-8", "replace").splitlines():
            said = json.loads(line)
            if isinstance(said, str):
                last = said
            else:
                answers[said["name"]] = said
        assert last, (result.stderr, result.log)
        assert b"Traceback" not in result.stderr, result.stderr.decode()
        rest = rest[rest.index(last) + 1 :]
    return answers


class Comparison:
    """Replays what was done to the real kernel, and keeps what differs."""

    def __init__(self, world: Path) -> None:
        root, release = uml_modules()
        self.directory = root / "lib/modules" / release
        assert sim.main(["sim", "new", str(world), "--image", UML, "--tree", str(root)]) == 0
        self.kernel = SimulatedKernel(str(world))
        self.kernel.world.db.execute("PRAGMA synchronous = OFF")
        self.paths = {path.stem.replace("-", "_"): path for path in self.directory.rglob("*.ko")}
        self.differences: list[str] = []
        self.inits: list[str] = []
        self.held: list[str] = []
        self.counts: dict[str, str] = {}
        self.calls = Counter[str]()
        self.right = Counter[str]()
        self.wrong: dict[str, list[str]] = {kind: [] for kind in KINDS}
        self.missed: dict[str, list[str]] = {kind: [] for kind in KINDS}

    def add(self, answer: dict[str, Any]) -> None:
        self.bring_to(answer["before"])
        refused = False
        for verb, what, parameters, number, log in answer["calls"]:
            if verb == "load":
                outcome = self.kernel.load(str(self.directory / what), parameters)
            else:
                outcome = self.kernel.unload(what)
            ours = outcome.errno if isinstance(outcome, Refused) else 0
            self.calls[verb] += 1
            said, told = ([t for t in lines if SAID.search(t)] for lines in (log, [r.text for r in outcome.log]))
            self.calls["lines"] += len(said)
            name = Path(what).stem.replace("-", "_")
            if said != told:
                self.differences.append(f"{answer['name']}: {verb} {what}: said {said[:3]}, simulated {told[:3]}")
            if ours == number:
                pass
            elif verb == "load" and not ours and not any("Unknown symbol" in text for text in said):
                self.inits.append(f"{name} {number}")
                refused = True
                self.kernel.unload(name)
            elif verb == "load" and refused:
                self.kernel.unload(name)
            elif (verb, number, ours) == ("unload", errno.EAGAIN, 0) and name in HELD_BY_THEIR_INIT:
                self.held.append(name)
            else:
                self.differences.append(f"{answer['name']}: {verb} {what}: errno {number}, simulated {ours}")
            if verb == "load" and parameters:
                self.same_modules(answer)
        if not refused:
            self.predicted(answer)

    def same_modules(self, answer: dict[str, Any]) -> None:
        """Compare /proc/modules, addresses aside, and the counts of those that hold themselves."""
        theirs = {row[0]: row for row in answer["modules"]}
        ours = {m.name: m for m in self.kernel.state().modules}
        for name in sorted(theirs.keys() | ours.keys()):
            if name not in theirs or name not in ours:
                self.differences.append(f"{answer['name']}: {name} is in only one /proc/modules")
                continue
            m = ours[ModuleName(name)]
            users = (
                ",".join([*m.holders, *(["[permanent]"] if m.permanent else []), ""])
                if m.holders or m.permanent
                else "-"
            )
            taint = f"({m.taint})" if m.taint else ""
            mine = [name, str(m.size), str(m.refcount), users, m.state, taint]
            self.calls["lines of /proc/modules"] += 1
            if mine[2] != theirs[name][2]:
                self.counts[name] = f"{theirs[name][2]} ({mine[2]})"
                mine[2] = theirs[name][2]
            if mine != theirs[name]:
                self.differences.append(f"{answer['name']}: /proc/modules {theirs[name]}, simulated {mine}")

    def bring_to(self, names: list[str]) -> None:
        """Make the simulated kernel hold what the real one holds."""
        for module in self.kernel.state().modules:
            if module.name not in names:
                self.kernel.unload(module.name)
        for name in reversed(names):
            if self.kernel.state().find(name) is None:
                self.kernel.load(str(self.paths[name]))

    def predicted(self, answer: dict[str, Any]) -> None:
        path = self.paths[answer["name"].replace("-", "_")]
        source = BytesSource(path.read_bytes(), str(path))
        expected = (*predict.of(read(source)[0]), *predict.sysfs_parameters(source))
        for kind in KINDS:
            by_name = kind in ("filesystem", "netdev")
            want = {p.name if by_name else str(p.number) for p in expected if p.kind == kind}
            if kind == "parameter":
                want = {f"{p.name}:{p.number:o}" for p in expected if p.kind == kind}
            got = set(answer["registered"][kind])
            self.right[kind] += len(want & got)
            self.wrong[kind] += [f"{answer['name']}:{what}" for what in sorted(want - got)]
            self.missed[kind] += [f"{answer['name']}:{what}" for what in sorted(got - want)]

    def text(self, asked: int, answered: int) -> str:
        lines = [
            (
                f"{asked} modules, {answered} answered; {self.calls['load']} loads, {self.calls['unload']} unloads,"
                f" {self.calls['lines']} lines of log: {len(self.differences)} differences"
            ),
            f"{len(self.inits)} times an init said no, with its errno: {', '.join(sorted(set(self.inits)))}",
            f"{len(self.held)} times a module was held by what its init took: {', '.join(sorted(set(self.held)))}",
        ]
        lines.append(
            f"{self.calls['lines of /proc/modules']} lines of /proc/modules; other use counts: {self.counts}"
        )
        for kind in KINDS:
            right, wrong, missed = self.right[kind], self.wrong[kind], self.missed[kind]
            precision, recall = (right / max(right + len(other), 1) for other in (wrong, missed))
            lines.append(f"{kind}: {right} right, precision {precision:.2f}, recall {recall:.2f}")
            lines.append(f"  wrong: {' '.join(wrong) or '-'}; missed: {' '.join(missed) or '-'}")
        return "\n".join([*lines, *self.differences])


def compare(names: list[str], world: Path, tell: Callable[[str], None]) -> Comparison:
    answers = real(names)
    comparison = Comparison(world)
    for name in names:
        if name in answers:
            comparison.add(answers[name])
    tell(comparison.text(len(names), len(answers)))
    assert comparison.differences == []
    assert comparison.calls["lines"] > len(names)
    assert comparison.kernel.world.check() == ()
    return comparison


def test_a_sample_gets_the_verdict_that_it_gets_from_the_real_kernel(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    names = random.Random(7).sample(module_names(), 40)
    chosen = ["msdos", "vfat", "tun", "loop", "appletalk", "minix", "fuse", "dummy", *REFUSING]
    found = compare(list(dict.fromkeys([*names, *chosen])), tmp_path / "w", tell)
    assert found.right["filesystem"] >= 4
    assert not found.wrong["filesystem"]


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_every_module_gets_the_verdict_that_it_gets_from_the_real_kernel(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    names = module_names()
    assert len(names) > 850
    compare(names, tmp_path / "w", tell)
