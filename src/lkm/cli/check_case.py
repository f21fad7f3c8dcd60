"""One call of ``lkm check``: its kernel, tree and configuration, and what is to be told of each module."""

from __future__ import annotations

import errno
import os

from lkm.cli.check_kernel import known
from lkm.cli.check_notes import Notes, of_settings
from lkm.cli.check_world import Judge, Judged
from lkm.cli.kernelside import with_signature
from lkm.cli.load import requests
from lkm.cli.modprobe_run import join_parameters
from lkm.config.settings import assemble
from lkm.diagnose import doubts
from lkm.diagnose.engine import RULES, diagnose
from lkm.diagnose.evidence import GOOD, UNKNOWN_KEY, Attempt, Evidence
from lkm.diagnose.examine import examine
from lkm.diagnose.finding import CERTAIN
from lkm.errors import LkmError, NotFound
from lkm.names import fold, is_module_path
from lkm.plan.resolve import Candidate, World
from lkm.origin import Origin
from lkm.report.check import LOADS, REFUSED, UNKNOWN, Result
from lkm.system.beside import beside
from lkm.system.configfiles import modprobe_files
from lkm.system.files import read_bytes
from lkm.system.indexfiles import open_index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.diagnose.evidence import ModuleFile
    from lkm.diagnose.finding import Finding

#: Below so many modules one process is quicker.
_SHARED = 100
