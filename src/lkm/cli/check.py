"""``lkm check``: would modules load into a kernel, and if not, why? Nothing is loaded; no root and no kmod needed."""

from __future__ import annotations

import errno
import os
import sys
import tempfile

from lkm.cli.answer import asked
from lkm.cli.check_world import Judge, Judged
from lkm.cli.kernels import open_kernel
from lkm.cli.kernelside import of_kernel, with_signature
from lkm.cli.load import requests
from lkm.cli.modprobe_run import join_parameters
from lkm.cli.options import Option
from lkm.cli.sim_new import make, policy
from lkm.cli.standard import HELP, VERSION
from lkm.diagnose.engine import RULES, diagnose
from lkm.diagnose.evidence import Attempt, Evidence
from lkm.diagnose.examine import examine
from lkm.errors import NotFound, UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.names import fold, is_module_path
from lkm.report.check import Result, as_object, sarif, text_of
from lkm.system.beside import beside
from lkm.system.files import read_bytes
from lkm.system.firmware import missing
from lkm.system.moduletree import IndexedTree
from lkm.system.tree import find_modules_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.diagnose.evidence import KernelSide
    from lkm.report.document import Object

USAGE = """lkm check [options] NAME|FILE [PARAMETER=VALUE...] ...
       lkm check [options] --all

Tells whether each module would load into a kernel after what it needs: an image (--image), or boot/vmlinuz-RELEASE
below the root. Its checks are made in its order, signatures and symbol versions too. What a module's own init does is
not known. Status: 0 all would load, 1 some would not, 2 it could not be told."""
OPTIONS = (
    Option("", "all", "", "check all modules of the tree"),
    Option("", "image", "IMAGE", "the kernel: vmlinuz, vmlinux or a User-Mode Linux binary"),
    Option("d", "dirname", "DIR", "the root below which modules are"),
    Option("S", "set-version", "VERSION", "the kernel's release, if not the image's, or the running one"),
    Option("", "policy", "WORDS", "sig_enforce, lockdown=LEVEL, modules_disabled, module_blacklist=A,B ..."),
    Option("", "json", "", "answer with a JSON object (docs/json.md)"),
    Option("", "sarif", "", "answer in SARIF 2.1.0, for tools that show results of checks"),
    VERSION,
    HELP,
)
#: Rules whose findings keep no module out: asked for one that loads.
_WARNINGS = ("unknown_parameter", "no_firmware")
#: Below so many modules one process is quicker.
_SHARED = 100


def main(argv: list[str]) -> int:
    """Check; see USAGE for the status."""
    return asked("check", USAGE, OPTIONS, argv[1:], _check)


def _check(given: dict[str, str], operands: list[str], fields: Object) -> int:
    if bool(operands) == ("all" in given):
        raise UsageError("name modules or files, or give --all, not both", hint="`lkm check --help` tells more")
    policy(given.get("policy", ""))
    with tempfile.TemporaryDirectory(prefix="lkm-check-") as place:
        case = _Case(given, place)
        found = case.all() if "all" in given else case.each(operands)
    results = [case.result(*one) for one in found]
    refused = sum(result.errno != "" for result in results)
    if "json" in given:
        fields |= {"release": case.release, "modules": [as_object(result) for result in results]}
    elif "sarif" in given:
        sys.stdout.write(sarif(results))
    else:
        sys.stdout.write(text_of(results, case.release, named="all" not in given))
    return 1 if refused else 0


class _Case:
    """The tree and the kernel of one call; ``place`` is a directory for throwaway files."""

    def __init__(self, given: dict[str, str], place: str) -> None:
        ours = open_kernel(LinuxKernel)
        root = given.get("dirname", "") or ours.root()
        base = os.path.abspath(root or "/").rstrip("/")
        image = given.get("image", "")
        if not image:
            image = f"{base}/boot/vmlinuz-{given.get('set-version', '') or ours.release()}"
            if not os.path.isfile(image):
                raise NotFound("which kernel? there is no image", image, "name one with --image")
        self.pristine, self.place, self.root = f"{place}/pristine", place, base
        options = {"image": image, "policy": given.get("policy", "")}
        try:
            meta, _, _ = make(self.pristine, {**options, "tree": base})
        except NotFound:  # the tree has no modules of the image's own release
            meta, _, _ = make(self.pristine, options)
        self.release = given.get("set-version", "") or meta["release"]
        self.tree: IndexedTree | None = None
        try:
            self.tree = IndexedTree(find_modules_dir(base, self.release))
        except NotFound:
            if "all" in given:
                raise
        kernel = SimulatedKernel(self.pristine)
        self.certificates = [der for (der,) in kernel.world.db.execute("SELECT der FROM certificates")]
        self.side: KernelSide = of_kernel(kernel)._replace(origin=image)

    def all(self) -> list[tuple[Judged, str]]:
        """Judge all modules of the tree, by two processes where that pays."""
        assert self.tree
        names = sorted(self.tree.names(), key=self.tree.path)
        if not names:
            raise NotFound("no module is indexed", self.tree.origin(), f"`lkm depmod -b {self.root} {self.release}`")
        half = len(names) // 2 if len(names) >= _SHARED else len(names)
        place = f"{self.place}/beside"
        os.makedirs(place)
        rest = beside(lambda: [one._values() for one in Judge(self.pristine, self.tree, place).all(names[half:])])
        found = Judge(self.pristine, self.tree, self.place).all(names[:half])
        return [(one, "") for one in (*found, *[Judged(*values) for values in rest()])]

    def each(self, operands: list[str]) -> list[tuple[Judged, str]]:
        """Judge what is named, each in a kernel of its own."""
        found = []
        for word, parameters in requests(operands):
            path = word if "/" in word or is_module_path(word) else self.tree.path(fold(word)) if self.tree else ""
            if not path:
                raise NotFound(f"there is no module {word}", self.tree.origin() if self.tree else self.root)
            read_bytes(path)  # raises what is wrong with it
            text = join_parameters(parameters)
            found.append((Judge(self.pristine, self.tree, self.place).one(path, text), text))
        return found

    def result(self, judged: Judged, parameters: str) -> Result:
        """Return what is to be told of a module."""
        if not judged.errno and not parameters and not self._firmware:
            return Result(judged.name, judged.path, "", judged.after)
        data = read_bytes(judged.path)
        file = examine(judged.path, data)
        if judged.errno:
            file = with_signature(file, data, self.certificates)
        number = errno.errorcode.get(judged.errno, str(judged.errno)) if judged.errno else ""
        attempt = Attempt("finit_module", number, judged.log, parameters)
        lacking = missing(self.root, self.release, file.facts.values("firmware")) if file.facts else ()
        name = file.facts.name if file.facts else judged.name
        evidence = Evidence(file, self.side, self.tree, attempt, name, judged.refused, lacking)
        return Result(name, judged.path, number, judged.after, diagnose(evidence, RULES if number else _WARNINGS))

    @property
    def _firmware(self) -> bool:
        return os.path.isdir(f"{self.root}/lib/firmware")
