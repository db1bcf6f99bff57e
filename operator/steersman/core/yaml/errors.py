"""Errors of reading and writing YAML, in the words of Helm's YAML library.

Charts' users know these texts (`error converting YAML to JSON: yaml: line 3: …`) and charts test for them
(`fromYaml` puts them into a map), so they are kept letter by letter, the odd line numbers included.
"""

from __future__ import annotations

from typing import Final

from steersman.errors import InvalidInput

CONVERTING = "error converting YAML to JSON: "
UNMARSHALING = "error unmarshaling JSON: while decoding JSON: "
MARSHALING = "error marshaling into JSON: "

MAX_DEPTH: Final = 200
"""Deeper collections are refused. Go's limit is 10000, but what walks values here recurses."""


class YAMLError(InvalidInput):
    """Text that is no YAML, or a value that YAML or JSON cannot hold.

    `line` is where the problem is, counted from 1 (None when unknown); Go's number inside the message may be one less.
    """

    reason = "ChartInvalid"

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line
