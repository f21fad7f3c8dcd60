"""Parameters that outlive their module in a world of 2.4: read by ``insmod -e``, written when the module goes.

They are those whose type ends in ``p``. A symbol ``__insmod_NAME_PFILE`` of the loaded module tells the file.
"""

from __future__ import annotations

import os

from lkm.cli.audit24 import stamp
from lkm.config.persist24 import parse, renewed
from lkm.errors import LkmError
from lkm.formats.source import BytesSource
from lkm.kernel.sim.typed24 import check, split_type
from lkm.modfile.object24 import read24
from lkm.system.conf24 import RootFiles, open_conf
from lkm.system.files import make_directory, read_bytes
from lkm.system.fileset import write_set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.kernel24 import Kernel24
    from lkm.modfile.object24 import Object24


def types(module: Object24) -> dict[str, str]:
    """Return the persistent parameters of a file with their types."""
    return {each.name: each.type for each in module.parameters if split_type(each.type)[4]}


def file_of(kernel: Kernel24, told: str, path: str) -> str:
    """Return the file, below the world's tree, that ``-e`` means: ``told``, or for "" one in persistdir.

    There it has the name of the module's file, relative to the path of the configuration that it is in. Where
    persistdir is empty, so is this.
    """
    if told:
        return os.path.normpath(f"/{told}")
    conf = open_conf(kernel.root(), kernel.release(), os.environ)
    directory = conf.file("persistdir")
    own = os.path.abspath(path).removeprefix(kernel.root().rstrip("/")).removesuffix(".o")
    above = [each.path.rstrip("/") for each in conf.paths if own.startswith(each.path.rstrip("/") + "/")]
    own = own[len(max(above, key=len)) + 1 :] if above else os.path.basename(own)
    return f"{directory}/{own}" if directory else ""


def symbol(name: str, file: str) -> str:
    """Return the symbol that tells where a module's parameters are kept."""
    return f"__insmod_{name}_P{file}"


def kept(kernel: Kernel24, file: str, module: Object24) -> tuple[list[str], list[str]]:
    """Return the words ``KEY=VALUE`` of a file that are good for the module, and what is wrong with the others."""
    text = RootFiles(kernel.root()).read(file) or ""
    known = types(module)
    words, problems = parse(text, file)
    told = [str(problem) for problem in problems]
    good = []
    for word in words:
        fault = check(known, [word])[1]
        if fault:
            told.append(f"{file}: {fault}; passed over")
        else:
            good.append(word)
    return good, told


def save(kernel: Kernel24, name: str) -> None:
    """Write what a loaded module wants to be kept; nothing for one that wants none. Raises LkmError."""
    start = symbol(name, "")
    file = next((each.name[len(start) :] for each in kernel.ksyms() if each.name.startswith(start)), "")
    row = kernel.world.db.execute("SELECT path FROM modules WHERE name = ?", (name,)).fetchone()
    if not file or row is None:
        return
    try:
        known = types(read24(BytesSource(read_bytes(row[0]), row[0])))
    except LkmError:  # the file is gone: then whatever was given is kept
        known = dict(kernel.parameters(name))
    values = {key: value for key, value in kernel.parameters(name) if key in known}
    files = RootFiles(kernel.root())
    text = renewed(files.read(file) or "", values, kernel.release(), stamp(kernel))
    directory, leaf = os.path.split(files.place(file))
    make_directory(directory)
    write_set(directory, {leaf: text.encode("utf-8", "surrogateescape")})
