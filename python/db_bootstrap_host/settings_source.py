"""A settings module as its text says: values that can be told without running it, and the line that sets each."""

import ast
import copy
import os
from importlib.machinery import PathFinder

from .failure import project_path
from .static_values import UNKNOWN, as_read, is_known, keys_of, root_name, value_of

_CHANGES = {"append", "extend", "insert", "remove", "update", "add", "pop", "clear", "setdefault"}


class Source:
    """The names of one module with their values (UNKNOWN where it would have to run), and where each was last set."""

    def __init__(self, file):
        self.file = file
        self.values = {}
        #: "file:line" by name, and by "NAME.key.key" for what stands in a dictionary.
        self.places = {}
        #: What was set inside of something unknown, by the same paths: DATABASES["default"]["ENGINE"] = ….
        self.parts = {}
        #: Where each text stands that is written out: an entry of a list.
        self.literals = {}

    def value(self, *path):
        """The value of a name, or of a key within it; UNKNOWN where nobody can tell, None where it is not set."""
        whole = ".".join(path)
        if whole in self.parts:
            return self.parts[whole]
        value = self.values.get(path[0])
        for key in path[1:]:
            value = value.get(key) if isinstance(value, dict) else UNKNOWN if value is UNKNOWN else None
        return value

    def place(self, *path):
        """Where the nearest of it is set: the key itself, else what holds it."""
        for length in range(len(path), 0, -1):
            found = self.places.get(".".join(path[:length]))
            if found is not None:
                return found
        return None


def read_module(name):
    """The text of a module of the project, read with what it imports from other modules of the project; None where it cannot be."""
    return _read(name, ())


def module_file(name):
    """The file of a module of the project, found without importing anything, or None."""
    paths, found = None, None
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        try:
            found = PathFinder.find_spec(".".join(parts[:length]), paths)
        except (ImportError, ValueError, AttributeError):
            return None
        if found is None:
            return None
        paths = found.submodule_search_locations
    origin = found.origin
    return os.path.abspath(origin) if origin and origin.endswith(".py") and project_path(origin) else None


def _read(name, above):
    file = module_file(name)
    if file is None or name in above:
        return None
    try:
        with open(file, "rb") as opened:
            tree = ast.parse(opened.read(), file)
    except (OSError, SyntaxError, ValueError):
        return None
    source = Source(project_path(file))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            source.literals.setdefault(node.value, "%s:%d" % (source.file, node.lineno))
    is_package = os.path.basename(file) == "__init__.py"
    _Reader(source, name, name if is_package else name.rpartition(".")[0], above + (name,)).block(tree.body)
    return source


class _Reader:
    """Follows the statements of a module in their order."""

    def __init__(self, source, name, package, above):
        self._source = source
        self._name = name
        self._package = package
        self._above = above

    def block(self, statements):
        for statement in statements:
            follow = getattr(self, "_" + type(statement).__name__.lower(), None)
            if follow is not None:
                follow(statement)
            elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._forget(statement)

    def _assign(self, node):
        value = value_of(node.value, self._source.values)
        for target in node.targets:
            self._set(target, value, node.value)

    def _annassign(self, node):
        if node.value is not None:
            self._set(node.target, value_of(node.value, self._source.values), node.value)

    def _augassign(self, node):
        sum_of = ast.BinOp(left=as_read(node.target), op=node.op, right=node.value)
        self._set(node.target, value_of(sum_of, self._source.values), node.value)

    def _expr(self, node):
        call = node.value
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr not in _CHANGES:
            return
        owner = call.func.value
        name = root_name(owner)
        if name is None or name not in self._source.values:
            return
        arguments = [value_of(argument, self._source.values) for argument in call.args]
        whole = copy.deepcopy(self._source.values[name])
        self._source.values[name] = whole
        self._source.places[name] = self._place(node)
        value = value_of(owner, self._source.values)
        try:
            if call.keywords or value is UNKNOWN or any(argument is UNKNOWN for argument in arguments):
                raise LookupError
            getattr(value, call.func.attr)(*arguments)
        except Exception:  # what would fail when it runs is not for us to tell
            self._source.values[name] = UNKNOWN

    def _import(self, node):
        for alias in node.names:
            module = _read(alias.name, self._above) if alias.asname else None
            self._name_it(alias.asname or alias.name.split(".")[0], module or UNKNOWN, node)

    def _importfrom(self, node):
        module = self._absolute(node)
        source = _read(module, self._above)
        for text, place in (source.literals if source else {}).items():
            self._source.literals.setdefault(text, place)
        for alias in node.names:
            if alias.name == "*":
                for name in source.values if source else ():
                    if not name.startswith("_"):
                        self._take(name, name, source)
            elif source is not None and alias.name in source.values:
                self._take(alias.asname or alias.name, alias.name, source)
            else:
                inner = _read("%s.%s" % (module, alias.name), self._above)
                self._name_it(alias.asname or alias.name, inner or UNKNOWN, node)

    def _if(self, node):
        test = value_of(node.test, self._source.values)
        if is_known(test):
            self.block(node.body if test else node.orelse)
        else:
            self._either(node.body, node.orelse)

    def _try(self, node):
        # An import of the project's own that is there does not fail; of anything else nobody knows.
        missing = [one for one in ast.walk(node) if isinstance(one, ast.ImportFrom) and not module_file(self._absolute(one))]
        if missing:
            self._either(node.body + node.orelse, [line for handler in node.handlers for line in handler.body])
        else:
            self.block(node.body + node.orelse)
        self.block(node.finalbody)

    def _either(self, one, other):
        """Either of two blocks runs: only what both leave alike is known."""
        before = dict(self._source.values), dict(self._source.places)
        self.block(one)
        values, places = self._source.values, self._source.places
        self._source.values, self._source.places = before
        self.block(other)
        for name in set(values) | set(self._source.values):
            mine, theirs = values.get(name, UNKNOWN), self._source.values.get(name, UNKNOWN)
            if mine is not theirs and not (is_known(mine) and is_known(theirs) and mine == theirs):
                self._source.values[name] = UNKNOWN
                self._source.places[name] = places.get(name, self._source.places.get(name))

    def _forget(self, statement):
        """Whatever a loop or a `with` sets is not followed."""
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
                self._name_it(node.id, UNKNOWN, node)

    def _set(self, target, value, node):
        if isinstance(target, ast.Name):
            self._name_it(target.id, value, target)
            self._places_within(target.id, node)
        elif isinstance(target, ast.Subscript):
            self._set_within(target, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            parts = value if isinstance(value, (tuple, list)) and len(value) == len(target.elts) else None
            for position, inner in enumerate(target.elts):
                self._set(inner, parts[position] if parts else UNKNOWN, inner)

    def _set_within(self, target, value):
        name = root_name(target)
        if name is None:
            return
        self._source.values[name] = copy.deepcopy(self._source.values.get(name, UNKNOWN))
        owner = value_of(target.value, self._source.values)
        key = value_of(target.slice, self._source.values)
        keys = [value_of(one, self._source.values) for one in keys_of(target)]
        path = ".".join([name, *map(str, keys)])
        self._source.places[path] = self._place(target)
        try:
            owner[key] = value
        except Exception:  # a dictionary that only running would tell: its other parts stay as unknown as they were
            self._source.parts[path] = value

    def _places_within(self, path, node):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    self._source.places["%s.%s" % (path, key.value)] = self._place(key)
                    self._places_within("%s.%s" % (path, key.value), value)

    def _name_it(self, name, value, node):
        for known in (self._source.places, self._source.parts):
            for path in [path for path in known if path.startswith(name + ".")]:
                del known[path]
        self._source.values[name] = value
        self._source.places[name] = self._place(node)

    def _take(self, name, theirs, source):
        self._source.values[name] = source.values[theirs]
        for mine, known in ((self._source.places, source.places), (self._source.parts, source.parts)):
            for path, value in known.items():
                if path == theirs or path.startswith(theirs + "."):
                    mine[name + path[len(theirs) :]] = value

    def _absolute(self, node):
        if not node.level:
            return node.module or ""
        base = self._package.split(".") if self._package else []
        base = base[: len(base) - node.level + 1]
        return ".".join(base + ([node.module] if node.module else []))

    def _place(self, node):
        return "%s:%d" % (self._source.file, node.lineno)
