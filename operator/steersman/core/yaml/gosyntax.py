"""Nodes in Go's `%#v` form, which go-yaml's errors about keys show: `map[interface {}]interface {}{".Values.a":…}`.

Whoever puts `{{ }}` into a values file sees it.
"""

from __future__ import annotations

from steersman.core.golang.quote import quote
from steersman.core.yaml.nodes import AliasNode, MappingNode, Node, SequenceNode
from steersman.core.yaml.numbers import float_text
from steersman.core.yaml.scalars import MAX_INT64
from steersman.core.yaml.tags import typed_scalar

_NIL = "<nil>"


def go_syntax(node: Node) -> str:
    """The decoded value of the node as Go source."""
    if isinstance(node, AliasNode):
        return go_syntax(node.target)
    if isinstance(node, SequenceNode):
        return f"[]interface {{}}{{{', '.join(map(_element, node.items))}}}"
    if isinstance(node, MappingNode):
        pairs = sorted((_element(key), _element(value)) for key, value in node.items)
        return f"map[interface {{}}]interface {{}}{{{', '.join(f'{key}:{value}' for key, value in pairs)}}}"
    value = typed_scalar(node)
    if value is None:
        return _NIL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value <= MAX_INT64 else hex(value)
    return float_text(value) if isinstance(value, float) else quote(value)


def _element(node: Node) -> str:
    """A value held by a list or map; nil there shows its type."""
    shown = go_syntax(node)
    return "interface {}(nil)" if shown == _NIL else shown
