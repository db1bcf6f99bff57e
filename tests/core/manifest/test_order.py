"""The order of kinds."""

from dataclasses import dataclass

import pytest

from steersman.core.manifest.order import INSTALL_ORDER, UNINSTALL_ORDER, sort_by_kind


@dataclass(frozen=True)
class Item:
    kind: str
    name: str = ""


@pytest.mark.parametrize(
    ("order", "kinds", "ordered"),
    [
        pytest.param(INSTALL_ORDER, "Ingress Service Namespace", "Namespace Service Ingress", id="install"),
        pytest.param(INSTALL_ORDER, "Zebra Apple Job", "Job Apple Zebra", id="unknown-kinds-last-by-name"),
        pytest.param(UNINSTALL_ORDER, "Namespace Pod Service Ingress", "Ingress Service Pod Namespace", id="uninstall"),
    ],
)
def test_order(order: tuple[str, ...], kinds: str, ordered: str) -> None:
    assert [item.kind for item in sort_by_kind(map(Item, kinds.split()), order)] == ordered.split()


def test_equal_kinds_keep_their_order() -> None:
    items = [Item("Job", "b"), Item("Pod"), Item("Job", "a")]
    assert [item.name for item in sort_by_kind(items)] == ["", "b", "a"]


def test_both_orders_hold_the_same_kinds() -> None:
    assert sorted(INSTALL_ORDER) == sorted(UNINSTALL_ORDER)
