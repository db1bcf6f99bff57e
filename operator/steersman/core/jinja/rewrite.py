"""The tree of a template, changed before Jinja2 makes code of it: where the code would ask Python, it asks us.

Joining with `~`, parts `x[1:2]`, what `for` goes through, and the method in `x.name(…)` become filters. Their names
begin with a blank, so that no template can write them.
"""

from __future__ import annotations

from typing import Final

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

CONCAT: Final = " concat"
EACH: Final = " each"
METHOD: Final = " method"
PART: Final = " part"


def rewrite(tree: nodes.Template) -> nodes.Template:
    """Change the tree in place and return it."""
    _Rewriter().visit(tree)
    return tree


class _Rewriter(NodeTransformer):
    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - named for the node
        self.generic_visit(node)
        return _filter(CONCAT, nodes.List(node.nodes, lineno=node.lineno), [], node)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.iter = _filter(EACH, node.iter, [], node)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        bounds = [
            bound or nodes.Const(None, lineno=node.lineno) for bound in (node.arg.start, node.arg.stop, node.arg.step)
        ]
        return _filter(PART, node.node, bounds, node)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        called = node.node
        if isinstance(called, nodes.Getattr):
            node.node = _filter(METHOD, called.node, [nodes.Const(called.attr, lineno=node.lineno)], node)
        return node


def _filter(name: str, value: nodes.Node, arguments: list[nodes.Expr], at: nodes.Node) -> nodes.Filter:
    return nodes.Filter(value, name, arguments, [], None, None, lineno=at.lineno, environment=at.environment)
