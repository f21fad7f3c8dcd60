"""``modinfo --json``: the same as objects."""

from __future__ import annotations

from lkm.cli.modinfo import Tool, records
from lkm.errors import LkmError
from lkm.modfile.modinfo import parameters
from lkm.names import name_from_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.cli.messages import Messages
    from lkm.report.document import Object
    from lkm.report.modinfo import Pairs


def fill(fields: Object, options: list[tuple[str, str]], operands: list[str], say: Messages) -> int:
    """Put every operand's modules into the object for --json; return the status."""
    tool = _Objects(say)
    tool.understand(options)
    fields["modules"] = tool.found
    if not operands:
        say.error("missing module or filename.")
        return 1
    return max([tool.show_one(operand) for operand in operands])


class _Objects(Tool):
    """Collects what modinfo would print."""

    def __init__(self, say: Messages) -> None:
        super().__init__(say)
        self.found: list[Object] = []
        self._request = ""

    def show_one(self, operand: str) -> int:
        """Collect one operand's modules; return its part of the exit status."""
        self._request = operand
        return self.show(operand)

    def file(self, path: str) -> int:
        """Collect a file."""
        from lkm.system.files import open_source

        try:
            with open_source(path) as source:
                self._keep(name_from_path(path), path, records(source))
        except LkmError as error:
            self.fail(path, error)
            return 1
        return 0

    def builtin(self, name: str) -> int:
        """Collect a module that is part of the kernel."""
        self._keep(name, "", self.indexes().builtin_modinfo(name))
        return 0

    def _keep(self, name: str, path: str, pairs: Pairs) -> None:
        values: dict[str, list[str]] = {}
        for key, value in pairs:
            if key not in ("parm", "parmtype") and self.field in (None, key.lower()):
                values.setdefault(key, []).append(value)
        wanted = parameters(pairs)[0] if self.field in (None, "parm") else ()
        self.found.append(
            {
                "request": self._request,
                "module": next((value for key, value in pairs if key == "name"), name),
                "path": path or None,
                "builtin": not path,
                "fields": values,
                "parameters": [{"name": p.name, "type": p.type, "description": p.description} for p in wanted],
            }
        )
