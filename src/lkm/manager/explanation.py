"""Why a module would not load, or did not: a file or a name, with what the kernel answered and logged, or without."""

from __future__ import annotations

import os

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, KernelSide
from lkm.errors import NotFound
from lkm.manager.evidence import Scene
from lkm.manager.kernelside import of_image
from lkm.names import fold, is_module_path
from lkm.plan.resolve import COMMAND_LINE, Candidate
from lkm.record import Record
from lkm.state.nouns import LoadedModule
from lkm.system.files import read_bytes
from lkm.system.tree import modules_dir
from lkm.system.world import open_world

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.diagnose.finding import Finding
    from lkm.kernel.interface import ShownKernel
    from lkm.plan.resolve import World


class Explanation(Record):
    """What is found out about a module: its name, its file ("" where none is known), and the findings, first the one
    that the kernel would meet first.
    """

    name: str
    path: str
    findings: tuple[Finding, ...]


class Case:
    """What all explanations of one call share: the tree and the kernel.

    ``kernel`` is the one that is worked on. With ``image`` it is about that one; with ``root`` or ``release`` about
    the one whose modules are there, whose image is looked for in boot/ below the root. ``world`` is the
    configuration with its indexes, if it is not to be read. Raises LkmError.
    """

    def __init__(
        self,
        kernel: ShownKernel,
        *,
        root: str = "",
        release: str = "",
        image: str = "",
        world: World | None = None,
    ) -> None:
        other = bool(root or release)
        root = root or kernel.root()
        side = certificates = None
        if not image and other:
            release = release or kernel.release()
            side = KernelSide("", release)
            beside = f"{root.rstrip('/')}/boot/vmlinuz-{release}"
            image = beside if os.access(beside, os.R_OK) else ""
        if image:
            side, facts = of_image(image)
            certificates = facts.certificates
            release = release or facts.release
        directory = modules_dir(root, release or kernel.release())
        if side is not None:  # the configuration is this machine's, and the kernel is not
            world = None
        elif world is None:
            world = open_world(root, kernel.release(), (), kernel.cmdline())[0]
        self._world = world
        settings = world.settings if world else None
        self._scene = Scene(kernel, directory, settings=settings, side=side, certificates=certificates)

    def of(
        self, word: str, errno: str = "", log: tuple[str, ...] = (), parameters: tuple[str, ...] = ()
    ) -> Explanation:
        """Explain a module; one that is named comes after what it needs, with the parameters of the configuration.

        ``errno`` is the name of what the kernel has answered, ``log`` what it said; "" and none: what is foreseen.
        Raises NotFound, FormatError, MachineError.
        """
        tree = self._scene.tree
        named = not ("/" in word or os.path.exists(word) or is_module_path(word))
        path = (tree.path(fold(word)) if tree else "") if named else word
        if path:
            read_bytes(path)  # raises what is wrong with it
        elif not log:
            where = tree.origin() if tree else "the tree: there is no module directory"
            raise NotFound(f"there is no file {word}, and no module of that name in {where}")
        given = " ".join(parameters)
        if named and not errno and self._world:  # as modprobe would load it
            given = f"{self._world.options(Candidate(fold(word), '', COMMAND_LINE))} {given}".strip()
        attempt = Attempt("finit_module" if errno else "", errno, log, given)
        evidence = self._scene.evidence(attempt, path=path, name=word)
        needed = tree.needs(fold(word)) if tree and named and not errno else ()
        side = evidence.kernel
        if side and needed and side.loaded is not None:
            after = tuple([LoadedModule(fold(each), 0, 0) for each in needed])
            evidence = evidence._replace(kernel=side._replace(loaded=(*side.loaded, *after)))
        return Explanation(evidence.name, path, diagnose(evidence))
