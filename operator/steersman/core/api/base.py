"""What the types of the API have in common: the struct they derive from and the rules they carry to the API server.

A field's description and bounds stand with the field (`msgspec.Meta`); rules that OpenAPI cannot say are CEL and stand
with the type (`ApiStruct.rules`) or, for a leaf, in its Meta (`text`). `core.api.schema` turns both into the CRD.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Meta

VALIDATIONS: Final = "x-kubernetes-validations"
PATH: Final = "{path}"
"""Stands in a rule's message for the path of the object that the rule is of."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One CEL rule. `message` names the field and the remedy, since it is all that the user sees; `{path}` in it is the
    path of the rule's object.

    `path` is the field under the rule's object that the API server names in its answer (`.digest`)."""

    cel: str
    message: str
    path: str = ""

    def at(self, path: str) -> Rule:
        """The rule of an object at this path."""
        return replace(self, message=self.message.replace(PATH, path))

    def to_schema(self) -> dict[str, str]:
        """The rule as an item of `x-kubernetes-validations`."""
        schema = {"rule": self.cel, "message": self.message}
        return {**schema, "fieldPath": self.path} if self.path else schema


Checked = tuple[Rule, Callable[[Any], bool]]
"""A rule, and the same in Python: whether an object keeps it."""


def check(obj: ApiStruct, checks: tuple[Checked, ...]) -> None:
    """The rules once more, for an object that never saw an API server. Raises ValueError with the rule's message."""
    for rule, keeps in checks:
        if not keeps(obj):
            raise ValueError(rule.message)


class ApiStruct(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of the types of this API: immutable, JSON names in camelCase, absent and default are the same."""

    rules: ClassVar[tuple[Rule, ...]] = ()


def text(*, pattern: str, message: str, max_length: int, min_length: int = 1, rules: tuple[Rule, ...] = ()) -> Meta:
    """The Meta of a string leaf: its pattern, checked here by msgspec and by the API server as a CEL rule.

    A rule and not OpenAPI's `pattern`, because the server's own complaint shows the regular expression and no remedy.
    Messages of leaves begin with `must`; the schema puts the field's path in front."""
    checks = (Rule(f"self.matches(r'{pattern}')", message), *rules)
    return Meta(
        pattern=pattern,
        min_length=min_length,
        max_length=max_length,
        extra_json_schema={VALIDATIONS: [rule.to_schema() for rule in checks]},
    )
