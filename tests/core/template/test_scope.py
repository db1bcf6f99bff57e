"""Which variable is meant."""

from __future__ import annotations

from steersman.core.template.nodes import Action, Range, Tree
from steersman.core.template.parser import parse
from steersman.core.template.scope import Scope, resolve


def _resolved(source: str) -> tuple[Tree, Scope]:
    tree = parse("f", source, {"or", "print"})["f"]
    return tree, resolve(tree)


def test_an_inner_declaration_hides_the_outer_until_its_end() -> None:
    _, scope = _resolved("{{ $x := 1 }}{{ if $x }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}")
    numbers = [slot.number for slot in scope.slots.values() if slot]
    assert numbers == [1, 1, 2, 2, 1]


def test_an_assignment_means_the_nearest_declaration() -> None:
    _, scope = _resolved("{{ $x := 1 }}{{ if 1 }}{{ $x = 2 }}{{ end }}{{ $x }}")
    slots = [slot for slot in scope.slots.values() if slot]
    assert len({slot.number for slot in slots}) == 1
    assert slots[0].assigned


def test_an_assignment_to_nothing_has_no_slot() -> None:
    _, scope = _resolved("{{ $x = 1 }}")
    assert list(scope.slots.values()) == [None]


def test_range_variables_are_elements_inside_and_the_collection_in_else() -> None:
    tree, scope = _resolved("{{ range $i, $e := . }}{{ $e }}{{ else }}{{ $e }}{{ end }}")
    statement = tree.statements[0]
    assert isinstance(statement, Range)
    index, element = (scope.slot(variable) for variable in statement.pipe.variables)
    assert index and element
    assert (index.elements, element.elements) == (False, True)
    collections = scope.collection_slots(statement)
    assert [slot.values for slot in collections] == [True, True]
    assert isinstance(statement.otherwise and statement.otherwise[0], Action)
    assert list(scope.slots.values())[-1] is collections[1]


def test_a_declaration_that_or_may_skip_is_conditional() -> None:
    _, scope = _resolved("{{ or 1 ($x := 2) }}{{ print ($y := 3) }}")
    assert [slot.conditional for slot in scope.slots.values() if slot] == [True, False]
