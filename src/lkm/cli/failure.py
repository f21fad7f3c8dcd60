"""Explaining what failed, for a tool: an incident is written if one is wanted.

Imported only after a failure that somebody hears of.
"""

from __future__ import annotations

import os
import platform
import time
from hashlib import sha256

from lkm import __version__
from lkm.diagnose.words import typed
from lkm.errors import LkmError
from lkm.manager import explainer
from lkm.manager.kernels import is_live
from lkm.system.files import read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.cli.messages import Messages
    from lkm.config.nouns import Settings
    from lkm.diagnose.evidence import Evidence
    from lkm.index.lookup import ModuleIndex
    from lkm.kernel.interface import ShownKernel
    from lkm.report.incident import Failure


class Explainer(explainer.Explainer):
    """Explains all failures of one call of a tool, whose voice is ``say`` and whose operands are ``arguments``.

    ``incident`` is the file for --incident, or "".
    """

    def __init__(
        self,
        say: Messages,
        kernel: ShownKernel,
        directory: str = "",
        *,
        index: ModuleIndex | None = None,
        settings: Settings | None = None,
        incident: str = "",
        arguments: tuple[str, ...] = (),
        verbose: bool = False,
    ) -> None:
        super().__init__(kernel, directory, index=index, settings=settings, verbose=verbose)
        self._say = say
        self._incident = incident
        self._arguments = arguments
        self._failures: list[Failure] = []

    def keep(self, word: str, said: str, evidence: Evidence | None) -> str:
        """Write the incident, with all failures so far; return a line about it, or "" where none is wanted.

        ``word`` is what was asked for, ``said`` the line that told of the failure.
        """
        if not self._incident or evidence is None:
            return ""
        from lkm.report.incident import Failure, Incident, text_of
        from lkm.system.private import write_private

        path = evidence.file.path if evidence.file else ""
        self._failures.append(Failure(word, said, evidence, _sum(path)))
        uname = os.uname()
        machine = " ".join((uname.sysname, uname.release, uname.version, uname.machine))
        incident = Incident(
            self._say.tool,
            self._arguments,
            __version__,
            platform.python_version(),
            machine if is_live(self._kernel) else "simulated",
            int(time.time()),
            tuple(self._failures),
        )
        try:
            write_private(self._incident, text_of(incident).encode())
        except LkmError as error:
            self._say.warning(f"the incident is not written: {error}")
            return ""
        return f"`lkm explain --incident {typed(self._incident)}` explains it again, on any machine"


def _sum(path: str) -> str:
    try:
        return sha256(read_bytes(path)).hexdigest() if path else ""
    except LkmError:
        return ""
