"""What of an object is sent in a server-side apply: pure functions.

`as_sent` is what `KubeCluster.apply` does to every object; `without_identity` is for rendered documents, whose uid and
resourceVersion (a chart exported from a cluster may carry them) are no preconditions of ours.
"""

from __future__ import annotations

import base64
import re

import orjson

from steersman.core.manifest.identity import KubernetesObject

SERVER_METADATA = frozenset({"creationTimestamp", "generation", "managedFields", "selfLink"})
"""Metadata the server writes; managedFields in an apply is refused, the others would make us own noise."""
IDENTITY_METADATA = frozenset({"resourceVersion", "uid"})


def as_sent(obj: KubernetesObject) -> KubernetesObject:
    """The intent: without status and server metadata, a Secret's stringData moved into data. uid and resourceVersion
    stay: they are preconditions."""
    intent = {key: value for key, value in obj.items() if key != "status"}
    intent["metadata"] = {key: value for key, value in obj["metadata"].items() if key not in SERVER_METADATA}
    if intent.get("kind") == "Secret" and intent.get("apiVersion") == "v1" and "stringData" in intent:
        return _with_encoded_data(intent)
    return intent


def without_identity(obj: KubernetesObject) -> KubernetesObject:
    """The object without the uid and resourceVersion it was rendered with."""
    if not IDENTITY_METADATA & obj["metadata"].keys():
        return obj
    metadata = {key: value for key, value in obj["metadata"].items() if key not in IDENTITY_METADATA}
    return {**obj, "metadata": metadata}


def _with_encoded_data(secret: KubernetesObject) -> KubernetesObject:
    """stringData becomes data, as the server does it on write: a key of both is stringData's.

    Sent as stringData, a key that leaves the chart would stay in data for ever. Values that are no strings are left for
    the server to refuse, with its words.
    """
    plain = secret["stringData"] or {}
    if not all(isinstance(value, str) for value in plain.values()):
        return secret
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
    rest = {key: value for key, value in secret.items() if key != "stringData"}
    return {**rest, "data": {**(secret.get("data") or {}), **encoded}}


def contains(live: object, intent: object) -> bool:
    """Whether the live value carries everything the intent says: maps by their keys, everything else by equality."""
    if isinstance(intent, dict) and isinstance(live, dict):
        return all(key in live and contains(live[key], value) for key, value in intent.items())
    return live == intent


_UNREADABLE = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]")


def encode(intent: KubernetesObject) -> bytes:
    """The intent as the body of an apply. The server reads it as YAML, so it has to be JSON and YAML at once:

    plain UTF-8, since YAML knows no surrogate pairs, but the characters that YAML refuses (controls) or takes for line
    breaks (U+0085, U+2028, U+2029) as escapes.
    """
    body = orjson.dumps(intent)
    return _UNREADABLE.sub(_escaped, body) if _UNREADABLE.search(body) else body


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(found[0].decode())
