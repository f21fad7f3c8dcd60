"""``lkm graph``: a picture of which modules need which, as SVG, HTML, DOT or JSON."""

from __future__ import annotations

import os
import sys

from lkm.cli.answer import asked
from lkm.cli.kernels import of_today, open_kernel
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION
from lkm.config.nearest import nearest
from lkm.config.settings import assemble
from lkm.errors import LkmError, NotFound, UsageError
from lkm.index.graph import build, part
from lkm.kernel.linux import LinuxKernel
from lkm.names import fold
from lkm.report import graph as drawing
from lkm.report.document import document, text_of
from lkm.system.configfiles import modprobe_files
from lkm.system.files import read_text
from lkm.system.fileset import write_set
from lkm.system.indexfiles import open_index
from lkm.system.tree import find_modules_dir, modules_dir, newest_release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.index.graph import Graph
    from lkm.kernel.interface import ShownKernel
    from lkm.report.document import Object

USAGE = """lkm graph [options] [NAME...] -o FILE.{svg,html,dot,json}

Draws the modules named with all that they need and all that need them, or all modules: softdeps dashed, weakdeps
dotted, loaded modules filled, bigger ones bigger. The page of HTML is one file that needs no network. Without -o, DOT
is written to standard output. Status: 0 done, 2 not."""
OPTIONS = (
    Option("o", "output", "FILE", "where to; its ending tells the form"),
    Option("", "format", "FORM", "svg, html, dot or json, whatever the file is called"),
    Option("", "needs", "", "only what they need"),
    Option("r", "reverse", "", "only who needs them"),
    Option("", "depth", "NUMBER", "so many steps far, not all the way"),
    Option("d", "dirname", "DIR", "the root below which modules are"),
    Option("S", "set-version", "VERSION", "the kernel's release, if not the running one, nor DIR's newest"),
    VERSION,
    HELP,
)
FORMS = ("svg", "html", "dot", "json")


def main(argv: list[str]) -> int:
    """Draw; see USAGE for the status."""
    return asked("graph", USAGE, OPTIONS, argv[1:], _graph)


def _graph(given: dict[str, str], operands: list[str], fields: Object) -> int:
    target = given.get("output", "")
    form = given.get("format", "") or (target.rpartition(".")[2].lower() if target else "dot")
    if form not in FORMS:
        what = f"'{form}' is no form" if "format" in given else f"the ending of '{target}' tells no form"
        raise UsageError(what, hint=f"forms are {', '.join(FORMS)}; --format names one")
    depth = given.get("depth", "")
    if depth and not (depth.isascii() and depth.isdigit()):
        raise UsageError(f"--depth wants a number, not '{depth}'")
    if not operands and {"reverse", "needs", "depth"} & given.keys():
        raise UsageError("--needs, --reverse and --depth want a module to start from", hint="name one")
    if "needs" in given and "reverse" in given:
        raise UsageError("--needs and --reverse leave nothing to draw", hint="without them both are drawn")
    graph = _whole(given)
    names: list[str] = []
    if operands:
        names = [_known(graph, word) for word in operands]
        graph = part(graph, names, int(depth or -1), down="reverse" not in given, up="needs" not in given)
    if form == "json":
        text = text_of(document("graph", 0, drawing.as_fields(graph)))
    elif form == "html":
        template = read_text(f"{os.path.dirname(drawing.__file__)}/graph.html")
        text = drawing.page(graph, template, names[0] if names else "")
    else:
        text = drawing.svg(graph) if form == "svg" else drawing.dot(graph)
    _write(target, text.encode("utf-8", "surrogateescape"))
    return 0


def _whole(given: dict[str, str]) -> Graph:
    """Return the graph of all modules. What the kernel has loaded counts where it is the kernel of that tree."""
    if "dirname" not in given:
        of_today()
    kernel = open_kernel(LinuxKernel)
    root = given.get("dirname", "") or kernel.root()
    release = given.get("set-version", "") or kernel.release()
    if "dirname" in given and "set-version" not in given and not os.path.isdir(modules_dir(root, release)):
        release = newest_release(root) or release  # an image is mostly for another kernel, and has one
    directory = find_modules_dir(root, release)
    index = open_index(directory)
    entries = tuple(index.all_modules())
    if not entries:
        raise NotFound("no module is indexed", directory, f"`lkm depmod{f' -b {root}' if root else ''} {release}`")
    base = "" if "dirname" not in given else root.rstrip("/")
    settings = assemble(modprobe_files(base, kernel_dir=directory), "")
    sizes = {entry.path: _size(os.path.join(directory, entry.path)) for entry in entries}
    loaded = _loaded(kernel) if "dirname" not in given and release == kernel.release() else ()
    return build(release, entries, settings, index.aliases, sizes, loaded)


def _loaded(kernel: ShownKernel) -> tuple[str, ...]:
    try:
        return tuple([module.name for module in kernel.state().modules])
    except LkmError:  # a kernel without modules
        return ()


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return -1


def _known(graph: Graph, word: str) -> str:
    name = fold(word)
    names = [node.name for node in graph.nodes]
    if name not in names:
        near = nearest(name, names)
        raise NotFound(f"there is no module {word}", hint=f"did you mean {near}?" if near else "")
    return name


def _write(target: str, data: bytes) -> None:
    if target in ("", "-"):
        sys.stdout.buffer.write(data)
        return
    directory, name = os.path.split(target)
    if not os.path.isdir(directory or "."):
        raise NotFound("there is no such directory", directory, "make it first")
    write_set(directory or ".", {name: data})
