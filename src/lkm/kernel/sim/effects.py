"""A snapshot of a simulated kernel: what its modules have registered, or would have, by their files."""

from __future__ import annotations

from lkm.state.snapshot import Snapshot, Thing, snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.kernel.sim.kernel import SimulatedKernel
    from lkm.kernel.sim.world import World

#: Kinds of resources that say nothing to who looks at /proc: rules of 2.4's modules, and files that are told with the
#: parameters.
_OWN = ("parameter", "ksym", "can_unload", "use")


def look(kernel: SimulatedKernel) -> Snapshot:
    """Return what it shows now. The owner of each thing is known here."""
    state = kernel.state()
    parameters = [
        Thing("parameter", f"{module.name}.{name}", value, module.name)
        for module in state.modules
        for name, value in kernel.parameters(module.name)
    ]
    return snapshot([*_resources(kernel.world), *parameters, *_taint(kernel.world)], state)


def _resources(world: World) -> Iterator[Thing]:
    query = "SELECT kind, name, number, module FROM resources ORDER BY rowid"
    for kind, name, number, module in world.db.execute(query):
        if kind in _OWN:
            continue
        if kind in ("char", "block", "misc", "family", "interrupt"):
            yield Thing(kind, f"{number} {name}", "", module)
        elif kind == "filesystem":
            yield Thing(kind, name, "nodev" if number else "", module)
        else:
            yield Thing(kind, name, "" if number is None else str(number), module)


def _taint(world: World) -> Iterator[Thing]:
    for (line,) in world.db.execute("SELECT line FROM once WHERE line LIKE 'taint _' ORDER BY line"):
        yield Thing("taint", line[-1])
