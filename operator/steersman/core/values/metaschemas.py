"""The metaschemas of json-schema.org, by the path of their URL: what a schema itself has to fit.

Called by `schema_document`. The documents are those of the package jsonschema-specifications. Helm's library
(santhosh-tekuri/jsonschema) carries older states of some of them; where that changes a verdict, theirs is put in.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any, Final

_NAMES: Final = ("$schema", "$id", "id")
"""Where a document says which it is; here that is known."""
_UNKNOWN: Final = ("draft-03/schema", "draft/2020-12/meta/format-assertion")
"""Published, but nothing that Helm's library can load."""


@cache
def metaschema(path: str) -> dict[str, Any] | None:
    """The document at `json-schema.org/<path>`, None where there is none. Nobody changes it in place."""
    document = _published().get(path)
    if document is None:
        return None
    document = {key: value for key, value in deepcopy(document).items() if key not in _NAMES}
    amend = _AMENDMENTS.get(path)
    if amend is not None:
        amend(document["properties"])
    return document


@cache
def _published() -> dict[str, dict[str, Any]]:
    from jsonschema_specifications import REGISTRY  # only for schemas that are odd or wrong

    documents = {url.partition("json-schema.org/")[2]: REGISTRY[url].contents for url in REGISTRY}
    return {path: document for path, document in documents.items() if path not in _UNKNOWN}


def _draft_4(properties: dict[str, Any]) -> None:
    properties["$ref"] = {"type": "string"}
    properties["$schema"]["format"] = "uri"
    properties["id"]["format"] = "uriref"


def _draft_6(properties: dict[str, Any]) -> None:
    del properties["examples"]
    del properties["patternProperties"]["propertyNames"]
    _distinct_enum(properties)


def _draft_7(properties: dict[str, Any]) -> None:
    properties["writeOnly"] = {"type": "boolean"}
    _distinct_enum(properties)


def _distinct_enum(properties: dict[str, Any]) -> None:
    properties["enum"] |= {"minItems": 1, "uniqueItems": True}


_AMENDMENTS: Final[dict[str, Callable[[dict[str, Any]], None]]] = {
    "draft-04/schema": _draft_4,
    "draft-06/schema": _draft_6,
    "draft-07/schema": _draft_7,
}
