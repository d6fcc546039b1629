"""Values of expressions in settings, as far as they can be told without running anything."""

import ast
import copy
import operator


class Unknown:
    """What cannot be told without running the module."""

    def __repr__(self):
        return "?"


UNKNOWN = Unknown()

_COMPARISONS = {
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_CALLS = {"list": list, "tuple": tuple, "set": set, "dict": dict, "sorted": sorted, "bool": bool, "str": str}


def value_of(node, names):
    """The value of an expression with these names in scope, or UNKNOWN; a list or a dict may hold UNKNOWN in places."""
    try:
        return _value(node, names)
    except Exception:  # settings may combine values in ways that fail; running them would tell, reading them does not
        return UNKNOWN


def is_known(value):
    """Whether a value is known in all its parts."""
    if isinstance(value, Unknown):
        return False
    if isinstance(value, (list, tuple, set)):
        return all(is_known(item) for item in value)
    if isinstance(value, dict):
        return all(is_known(item) for pair in value.items() for item in pair)
    return True


def root_name(node):
    """The name that a chain of subscripts begins with, or None."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def keys_of(node):
    """The keys of a chain of subscripts, from the outside in."""
    keys = []
    while isinstance(node, ast.Subscript):
        keys.insert(0, node.slice)
        node = node.value
    return keys


def as_read(node):
    """The target of an assignment as an expression."""
    node = copy.deepcopy(node)
    node.ctx = ast.Load()
    return node


def _value(node, names):
    read = _READERS.get(type(node))
    return UNKNOWN if read is None else read(node, names)


def _items(nodes, names):
    found = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            found.extend(_known(node.value, names))
        else:
            found.append(value_of(node, names))
    return found


def _known(node, names):
    value = _value(node, names)
    if isinstance(value, Unknown):
        raise LookupError
    return value


def _dict(node, names):
    found = {}
    for key, value in zip(node.keys, node.values):
        if key is None:
            found.update(_known(value, names))
        else:
            # What cannot be told of one part says nothing of the others.
            found[_known(key, names)] = value_of(value, names)
    return found


def _binary(node, names):
    left, right = _known(node.left, names), _known(node.right, names)
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.BitOr) and isinstance(left, (set, dict)):
        return left | right if isinstance(left, set) else {**left, **right}
    return UNKNOWN


def _call(node, names):
    if node.keywords and not (isinstance(node.func, ast.Name) and node.func.id == "dict"):
        return UNKNOWN
    if isinstance(node.func, ast.Name) and node.func.id in _CALLS:
        named = {word.arg: value_of(word.value, names) for word in node.keywords}
        return _CALLS[node.func.id](*[_known(argument, names) for argument in node.args], **named)
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("copy", "keys", "values") and not node.args:
        return getattr(_known(node.func.value, names), node.func.attr)()
    return UNKNOWN


def _comprehension(node, names):
    if len(node.generators) != 1 or not isinstance(node.generators[0].target, ast.Name):
        return UNKNOWN
    loop = node.generators[0]
    found = []
    for item in _known(loop.iter, names):
        inner = dict(names, **{loop.target.id: item})
        if all(_known(test, inner) for test in loop.ifs):
            found.append(_value(node.elt, inner))
    return set(found) if isinstance(node, ast.SetComp) else found


def _compare(node, names):
    left = _known(node.left, names)
    for sign, other in zip(node.ops, node.comparators):
        right = _known(other, names)
        if type(sign) not in _COMPARISONS:
            return UNKNOWN
        if not is_known(right):
            return UNKNOWN
        if not _COMPARISONS[type(sign)](left, right):
            return False
        left = right
    return True


def _boolean(node, names):
    value = UNKNOWN
    for part in node.values:
        value = _known(part, names)
        if bool(value) != isinstance(node.op, ast.And):
            return value
    return value


def _choice(node, names):
    return _value(node.body if _known(node.test, names) else node.orelse, names)


def _attribute(node, names):
    owner = _known(node.value, names)
    # A module that was read is a scope; nothing else has attributes here.
    return owner.values.get(node.attr, UNKNOWN) if hasattr(owner, "values") and not isinstance(owner, dict) else UNKNOWN


_READERS = {
    ast.Constant: lambda node, names: node.value,
    ast.Name: lambda node, names: names.get(node.id, UNKNOWN),
    ast.List: lambda node, names: _items(node.elts, names),
    ast.Tuple: lambda node, names: tuple(_items(node.elts, names)),
    ast.Set: lambda node, names: set(_items(node.elts, names)),
    ast.Dict: _dict,
    ast.BinOp: _binary,
    ast.Call: _call,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.UnaryOp: lambda node, names: not _known(node.operand, names) if isinstance(node.op, ast.Not) else UNKNOWN,
    ast.IfExp: _choice,
    ast.Subscript: lambda node, names: _known(node.value, names)[_known(node.slice, names)],
    ast.Attribute: _attribute,
}
