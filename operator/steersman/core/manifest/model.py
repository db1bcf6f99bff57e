"""What rendering gives: manifests and hooks, each with the text Helm would store and the object it means."""

from __future__ import annotations

from typing import NamedTuple

from steersman.core.manifest.identity import KubernetesObject


class Manifest(NamedTuple):
    """One document of a rendered file that is no hook.

    `path` is the template's (`chart/templates/x.yaml`), `text` the document as Helm prints it, `kind` what Helm sorts
    by ("" for a document of comments only), `object` the parsed document (None when it holds nothing).
    """

    path: str
    text: str
    kind: str
    object: KubernetesObject | None


class Hook(NamedTuple):
    """One document annotated with `helm.sh/hook`, its annotations read as Helm does."""

    path: str
    text: str
    kind: str
    name: str
    events: tuple[str, ...]
    weight: int
    delete_policies: tuple[str, ...]
    output_log_policies: tuple[str, ...]
    object: KubernetesObject
