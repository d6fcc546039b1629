"""Where the project's text says something: "file:line" of a class, of a field, of a dependency of a migration."""

import ast
import sys

from .failure import project_path

_trees = {}


def class_place(cls):
    """Where a class is defined, or None where it is not the project's."""
    found = _class_node(cls)
    return None if found is None else "%s:%d" % (found[0], found[1].lineno)


def field_place(field):
    """Where a field is set, in the class itself or in the one that it inherits it from; else where its class is."""
    for cls in field.model.__mro__:
        found = _class_node(cls) if cls.__module__ != "django.db.models.base" else None
        for statement in found[1].body if found else ():
            targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
            if any(isinstance(target, ast.Name) and target.id == field.name for target in targets):
                return "%s:%d" % (found[0], statement.lineno)
    return class_place(field.model)


def dependency_place(module_name, key):
    """Where a migration names another, (app, name), among its dependencies; else where its class begins."""
    path, tree = _tree(module_name)
    if tree is None:
        return None
    lines = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Tuple) and [getattr(item, "value", None) for item in node.elts] == list(key)
    ]
    return "%s:%d" % (path, lines[0] if lines else _line_of(tree, "dependencies"))


def module_place(module_name):
    """Where a migration lists what it depends on."""
    path, tree = _tree(module_name)
    return None if tree is None else "%s:%d" % (path, _line_of(tree, "dependencies"))


def _line_of(tree, name):
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            return node.lineno
    return 1


def _class_node(cls):
    path, tree = _tree(cls.__module__)
    if tree is None:
        return None
    node = tree
    for name in cls.__qualname__.split("."):
        # The last of a name wins, as it does when it runs.
        named = [one for one in ast.walk(node) if isinstance(one, ast.ClassDef) and one.name == name and one is not node]
        if not named:
            return None
        node = named[-1]
    return path, node


def _tree(module_name):
    file = getattr(sys.modules.get(module_name), "__file__", None)
    path = project_path(file) if file else None
    if path is None:
        return None, None
    if path not in _trees:
        try:
            with open(file, "rb") as opened:
                _trees[path] = ast.parse(opened.read())
        except (OSError, SyntaxError, ValueError):
            _trees[path] = None
    return path, _trees[path]
