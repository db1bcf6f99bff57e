"""Nodes in Go's `%#v` form, which go-yaml's errors about keys show: `map[interface {}]interface {}{".Values.a":…}`.

Whoever puts `{{ }}` into a values file sees it. Called by `decode` for nodes it could decode.
"""

from __future__ import annotations

from math import isfinite
from typing import Final, TypeAlias

from steersman.core.golang.numbers import format_float
from steersman.core.golang.quote import quote
from steersman.core.yaml.nodes import AliasNode, MappingNode, Node, ScalarNode, SequenceNode
from steersman.core.yaml.scalars import MAX_INT64, Scalar
from steersman.core.yaml.tags import is_merge, typed_scalar

NIL: Final = "<nil>"
_INFINITE: Final = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}

_Pairs: TypeAlias = dict[str, tuple[Node, str]]
"""Key in Go's syntax → node of the key, value in Go's syntax."""


def go_syntax(node: Node) -> str:
    """The decoded value of the node as Go source."""
    if isinstance(node, AliasNode):
        return go_syntax(node.target)
    if isinstance(node, SequenceNode):
        return f"[]interface {{}}{{{', '.join(map(_element, node.items))}}}"
    if isinstance(node, MappingNode):
        pairs: _Pairs = {}
        _fill(pairs, node)
        shown = sorted(pairs, key=lambda key: _place(pairs[key][0]))
        return f"map[interface {{}}]interface {{}}{{{', '.join(f'{key}:{pairs[key][1]}' for key in shown)}}}"
    return _scalar(typed_scalar(node))


def _scalar(value: Scalar) -> str:
    if value is None:
        return NIL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value <= MAX_INT64 else hex(value)
    if isinstance(value, float):
        return format_float(value) if isfinite(value) else _INFINITE[repr(value)]
    return quote(value)


def _element(node: Node) -> str:
    """A value held by a list or map; nil there shows its type."""
    shown = go_syntax(node)
    return "interface {}(nil)" if shown == NIL else shown


def _fill(pairs: _Pairs, node: MappingNode) -> None:
    for key, value in node.items:
        if not is_merge(key):
            pairs[_element(key)] = (key, _element(value))
            continue
        for source in reversed(value.items) if isinstance(value, SequenceNode) else (value,):
            target = source.target if isinstance(source, AliasNode) else source
            if isinstance(target, MappingNode):
                _fill(pairs, target)


def _place(key: Node) -> tuple[int, Scalar]:
    """Go sorts the keys it prints: by type, as its linker happens to lay them out, then by value."""
    target = key.target if isinstance(key, AliasNode) else key
    value = typed_scalar(target) if isinstance(target, ScalarNode) else None
    if value is None:
        return 0, 0
    if isinstance(value, str):
        return 1, value
    if isinstance(value, bool):
        return 5, value
    if isinstance(value, int):
        return (3 if value <= MAX_INT64 else 2), value
    return 4, value
