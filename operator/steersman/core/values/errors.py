"""What goes wrong with values: their shape, their syntax on a command line, a schema's verdict."""

from __future__ import annotations

from steersman.errors import InvalidInput


class ValuesError(InvalidInput):
    """Values that are no map, do not fit the chart tree, or do not follow the `--set` grammar."""

    reason = "ValuesError"


class ValuesMissing(ValuesError):
    """An object or a key that valuesFrom names does not exist."""
