"""An object file that is no module.

It has no section ``.gnu.linkonce.this_module``: an object that a compiler made (``gcc -c``), or one that is built
into the kernel. The kernel's build makes a module of an object by a second step (modpost and a link), which adds
that section. The kernel answers ENOEXEC and logs ``No module found in object``.

Remedy: build it as a module (``obj-m``), and give the .ko, not the .o.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.words import build_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence


CODE = "not-a-module"
ERRNOS = ("ENOEXEC", "ENOENT")
_KO = Remedy("give the .ko that was built from it; for a built-in driver there is nothing to load")
_BUILD = Remedy("build it by the kernel's build (obj-m := NAME.o)", "make -C {build} M=$PWD modules")
REMEDIES = (_KO, _BUILD)
_THIS_MODULE = ".gnu.linkonce.this_module"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for a relocatable file without ``struct module``."""
    file = evidence.file
    if file is None or file.elf_type != 1 or not file.sections or _THIS_MODULE in file.sections:
        return
    if ".modinfo" in file.sections:
        what = "an object file of a module, or of a driver that is built in: its last build step is missing"
        remedy = _KO
    else:
        what = "an object file, but not of a kernel module"
        remedy = _BUILD.filled(build=build_of(evidence))
    lacks = "no section " + _THIS_MODULE + ("" if ".modinfo" in file.sections else ", no .modinfo")
    yield Finding(
        CODE,
        what,
        CERTAIN,
        "ENOEXEC",
        (Fact(lacks, f"{file.path}: section headers"),),
        "that section becomes the module's struct module",
        "kernel/module/main.c: setup_load_info",
        (remedy,),
    )
