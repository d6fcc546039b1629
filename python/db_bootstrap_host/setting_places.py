"""Where loaded settings are written: the line that assigns or changes a setting, in the module itself or in one that it imports from."""

import ast
import sys
from importlib.util import resolve_name

from .failure import project_path

_CHANGES = {"append", "extend", "insert", "remove", "update", "add", "pop", "clear", "setdefault"}


class SettingPlaces:
    """The statements of a loaded settings module that set something, as far as its text shows them."""

    def __init__(self, name, above=()):
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        self._package = getattr(module, "__package__", None) or ""
        self._above = above + (name,)
        self._imported = {}
        self.file = project_path(file) if file else None
        tree = _parse(file) if self.file else None
        found = _statements(tree, vars(module)) if tree else ()
        #: Those that ran, the last one first.
        self._statements = sorted(found, key=lambda one: -one.lineno)
        #: "file:line" of each text that is written out: an entry of a list.
        self.literals = self._literals(tree) if tree else {}

    def place(self, *path):
        """ "file:line" of the last statement that sets this, a key of it, or what holds it; None where no text shows it."""
        for statement in self._statements:
            if isinstance(statement, ast.ImportFrom):
                found = self._place_of_import(statement, path)
                if found is not None:
                    return found
                continue
            lines = _lines_by_path(statement)
            hits = [length for length in range(1, len(path) + 1) if path[:length] in lines]
            if hits:
                return "%s:%d" % (self.file, lines[path[: hits[-1]]])
        return None

    def _place_of_import(self, statement, path):
        for alias in statement.names:
            if alias.name == "*" or (alias.asname or alias.name) == path[0]:
                source = self._source(statement)
                name = path[0] if alias.name == "*" else alias.name
                found = source.place(name, *path[1:]) if source else None
                if found is not None:
                    return found
        return None

    def _source(self, statement):
        relative = "." * statement.level + (statement.module or "")
        try:
            name = resolve_name(relative, self._package)
        except (ImportError, ValueError):
            return None
        if name not in self._imported and name not in self._above and name in sys.modules:
            self._imported[name] = SettingPlaces(name, self._above)
        return self._imported.get(name)

    def _literals(self, tree):
        found = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.setdefault(node.value, "%s:%d" % (self.file, node.lineno))
        for statement in self._statements:
            source = self._source(statement) if isinstance(statement, ast.ImportFrom) else None
            for text, place in (source.literals if source else {}).items():
                found.setdefault(text, place)
        return found


def _parse(file):
    try:
        with open(file, "rb") as opened:
            return ast.parse(opened.read(), file)
    except (OSError, SyntaxError, ValueError):
        return None


def _statements(node, values):
    """What sets something while the module is imported; of an `if` only the branch that was taken, where that can be seen."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.ImportFrom)):
            yield child
        elif isinstance(child, ast.If):
            for branch in _branches(child, values):
                yield from _statements(ast.Module(body=branch, type_ignores=[]), values)
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            yield from _statements(child, values)


def _branches(node, values):
    calls = [one.func for one in ast.walk(node.test) if isinstance(one, ast.Call)]
    # Asking for a variable changes nothing; what another call does, nobody knows.
    if all(isinstance(call, ast.Attribute) and call.attr in ("get", "getenv") for call in calls):
        try:
            taken = eval(compile(ast.Expression(node.test), "<condition>", "eval"), dict(values))
            return [node.body if taken else node.orelse]
        except Exception:  # a name that was deleted meanwhile
            pass
    return [node.body, node.orelse]


def _lines_by_path(statement):
    """The lines at which a statement sets names and keys within them, by path: ("DATABASES", "default", "ENGINE")."""
    if isinstance(statement, ast.Expr):
        call = statement.value
        changes = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _CHANGES
        path = _path(call.func.value) if changes else None
        return {path: statement.lineno} if path else {}
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    found = {}
    for target in targets:
        parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
        for part in parts:
            path = _path(part)
            if path:
                found[path] = part.lineno
                if len(parts) == 1:
                    found.update(_keys(path, statement.value))
    return found


def _path(node):
    keys = []
    while isinstance(node, ast.Subscript):
        # Up to Python 3.8 a key is wrapped in an index.
        key = getattr(node.slice, "value", node.slice)
        keys.insert(0, getattr(key, "value", key))
        node = node.value
    return (node.id, *keys) if isinstance(node, ast.Name) and all(isinstance(key, str) for key in keys) else None


def _keys(path, value):
    found = {}
    for key, inner in zip(value.keys, value.values) if isinstance(value, ast.Dict) else ():
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found[path + (key.value,)] = key.lineno
            found.update(_keys(path + (key.value,), inner))
    return found
