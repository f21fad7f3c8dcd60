"""Opening the indexes of a module directory: mapped, each when it is first asked for."""

from __future__ import annotations

import errno
import os

from lkm.errors import MachineError
from lkm.index.lookup import ModuleIndex
from lkm.system.files import map_bytes
from lkm.system.fileset import RECORD, pending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.index.trie import Buffer


def open_index(directory: str) -> ModuleIndex:
    """Return the indexes of a module directory. Nothing is opened yet; asking may raise FormatError, MachineError."""

    def opener(name: str) -> Buffer | None:
        try:
            if os.path.exists(f"{directory}/{RECORD}") and (path := pending(directory).get(name)):
                try:
                    return map_bytes(path)
                except MachineError:
                    pass  # it was renamed just now
            return map_bytes(f"{directory}/{name}")
        except MachineError as e:
            if e.errno in (errno.ENOENT, errno.ENOTDIR):
                return None
            raise

    return ModuleIndex(directory, opener)
