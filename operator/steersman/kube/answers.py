"""What was asked of the API server and what it answered when it refused, as records.

The errors of `kube.errors` carry both; `kube.classify` reads the server's `Status` body into an `Answer` and chooses
the error. Nothing here knows HTTP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from steersman.core.manifest.identity import ObjectRef

MESSAGE_LIMIT = 400
"""Longer texts of the server (it prints whole Go structs into some refusals) are cut for people."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as people say it: `apply Deployment default/web`. `kind` and `namespace` may be empty (discovery)."""

    verb: str
    subject: str
    kind: str = ""
    namespace: str = ""

    @classmethod
    def of(cls, verb: str, ref: ObjectRef) -> Asked:
        """The request for one object."""
        return cls(verb, str(ref), ref.id.kind, ref.id.namespace)

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"


@dataclass(frozen=True, slots=True)
class Cause:
    """One entry of `Status.details.causes`."""

    reason: str
    field: str
    message: str

    def __str__(self) -> str:
        text = brief(self.message)
        return f"{self.field}: {text}" if self.field and self.field != "[]" else text


@dataclass(frozen=True, slots=True)
class Answer:
    """A `Status` of the API server; `message` is the plain body where it sent no Status."""

    code: int
    reason: str = ""
    message: str = ""
    causes: tuple[Cause, ...] = ()
    name: str = ""
    kind: str = ""
    retry_after: float | None = None


def brief(text: str) -> str:
    """The text on one line, without the dumped value of `Invalid value: {…}: reason` where that is long."""
    line = text.partition("\n")[0].strip()
    if len(line) <= MESSAGE_LIMIT:
        return line
    verdict = line.rpartition(": ")[2]
    if line.startswith("Invalid value: ") and len(verdict) <= MESSAGE_LIMIT:
        return f"Invalid value: …: {verdict}"
    return line[: MESSAGE_LIMIT - 1] + "…"


_VALUES = re.compile(r'(Invalid value: |Unsupported value: |Value:)("(?:[^"\\]|\\.)*"|.*)', re.DOTALL)


def mask_values(text: str) -> str:
    """The text without the values the server quotes from a refused object: Secrets are never shown."""
    return _VALUES.sub(lambda found: f"{found[1]}***", text)
