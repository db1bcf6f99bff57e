"""Nodes → values, by the rules of go-yaml v2 and of sigs.k8s.io/yaml, which turns its values into JSON.

Called by `reader`. Mappings get string keys (`n: 1` has the key `false`), merge keys and aliases are resolved, aliases
are copied each time (so that changing one value never changes another), and too many of them are refused.
"""

from __future__ import annotations

from math import isfinite
from typing import Any, Final

from steersman.core.yaml.errors import YAMLError
from steersman.core.yaml.gosyntax import NIL, go_syntax
from steersman.core.yaml.nodes import AliasNode, MappingNode, Node, ScalarNode, SequenceNode
from steersman.core.yaml.numbers import NumberRule, key_name
from steersman.core.yaml.scalars import Scalar
from steersman.core.yaml.tags import is_merge, typed_scalar

# Go's limits on aliases: how much of the work of decoding may come from them, falling as documents grow.
_FREE_ALIASES: Final = 100
_FREE_DECODES: Final = 1_000
_RATIO_LOW: Final = 400_000
_RATIO_HIGH: Final = 4_000_000


class Decoder:
    """Decodes one document. `strict` refuses duplicate keys."""

    def __init__(self, number: NumberRule, *, strict: bool = False) -> None:
        self._number = number
        self._strict = strict
        self._decoded = 1
        self._aliased = 0
        self._open_aliases: list[AliasNode] = []
        self._duplicates: list[str] = []
        self._duplicate_line = 0
        self._json_error: YAMLError | None = None

    def decode(self, root: Node) -> Any:
        """The value. Raises YAMLError: first what go-yaml refuses, then what JSON cannot hold."""
        value = self._value(root)
        if self._duplicates:
            raise YAMLError("yaml: unmarshal errors:\n  " + "\n  ".join(self._duplicates), line=self._duplicate_line)
        if self._json_error is not None:
            raise self._json_error
        return value

    def _value(self, node: Node) -> Any:
        self._count(node)
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if isinstance(node, MappingNode):
            mapping: dict[str, Any] = {}
            self._fill(mapping, node)
            return mapping
        if isinstance(node, SequenceNode):
            return [self._value(item) for item in node.items]
        self._open(node)
        value = self._value(node.target)
        self._open_aliases.pop()
        return value

    def _scalar(self, node: ScalarNode) -> Scalar:
        value = typed_scalar(node)
        if isinstance(value, str | bool | None):
            return value
        if isfinite(value):
            return self._number(value)
        name = "NaN" if value != value else "+Inf" if value > 0 else "-Inf"
        self._refuse_for_json(f"json: unsupported value: {name}", node)
        return None

    def _fill(self, mapping: dict[str, Any], node: MappingNode) -> None:
        for key_node, value_node in node.items:
            if is_merge(key_node):
                self._merge(mapping, value_node)
                continue
            key = self._key(key_node)
            value = self._value(value_node)
            if key is None:
                self._refuse_key(key_node, value_node)
            elif self._strict and key in mapping:
                self._note_duplicate(key_node, value_node)
            else:
                mapping[key] = value

    def _key(self, node: Node) -> str | None:
        target = node.target if isinstance(node, AliasNode) else node
        if isinstance(target, ScalarNode):
            self._count(node)
            return key_name(typed_scalar(target))
        self._value(node)  # what is wrong inside comes first
        raise YAMLError(f"yaml: invalid map key: {go_syntax(target)}", line=node.line + 1)

    def _refuse_key(self, node: Node, value: Node) -> None:
        shown = go_syntax(node)
        kind = "%!s(<nil>)" if shown == NIL else "uint64"
        message = f"unsupported map key of type: {kind}, key: {shown}, value: {go_syntax(value)}"
        self._refuse_for_json(message, node)

    def _merge(self, mapping: dict[str, Any], node: Node) -> None:
        """Fill in what `<<` refers to. A key met before is overwritten; of a list, earlier elements win."""
        sources = reversed(node.items) if isinstance(node, SequenceNode) else (node,)
        for source in sources:
            target = source.target if isinstance(source, AliasNode) else source
            if not isinstance(target, MappingNode):
                raise YAMLError("yaml: map merge requires map or sequence of maps as the value", line=node.line + 1)
            self._count(source)
            if isinstance(source, AliasNode):
                self._open(source)
                self._count(target)
                self._fill(mapping, target)
                self._open_aliases.pop()
            else:
                self._fill(mapping, target)

    def _open(self, alias: AliasNode) -> None:
        if any(alias is other for other in self._open_aliases):
            raise YAMLError(f"yaml: anchor '{alias.name}' value contains itself", line=alias.line + 1)
        self._open_aliases.append(alias)

    def _count(self, node: Node) -> None:
        self._decoded += 1
        if not self._open_aliases:
            return
        self._aliased += 1
        if (
            self._aliased > _FREE_ALIASES
            and self._decoded > _FREE_DECODES
            and self._aliased / self._decoded > _allowed_alias_ratio(self._decoded)
        ):
            raise YAMLError("yaml: document contains excessive aliasing", line=node.line + 1)

    def _note_duplicate(self, key: Node, value: Node) -> None:
        self._duplicate_line = self._duplicate_line or key.line + 1
        self._duplicates.append(f"line {value.line + 1}: key {go_syntax(key)} already set in map")

    def _refuse_for_json(self, message: str, node: Node) -> None:
        """JSON comes second in Go: such an error is raised only when nothing else is wrong."""
        self._json_error = YAMLError(message, line=node.line + 1)


def _allowed_alias_ratio(decoded: int) -> float:
    if decoded <= _RATIO_LOW:
        return 0.99
    if decoded >= _RATIO_HIGH:
        return 0.10
    return 0.99 - 0.89 * (decoded - _RATIO_LOW) / (_RATIO_HIGH - _RATIO_LOW)
