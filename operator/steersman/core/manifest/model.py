"""What rendering gives: manifests and hooks, each with the text Helm would store and the object it means."""

from __future__ import annotations

from dataclasses import dataclass

from steersman.core.manifest.identity import KubernetesObject


@dataclass(frozen=True, slots=True)
class Manifest:
    """One document of a rendered file that is no hook.

    `path` is the template's (`chart/templates/x.yaml`), `text` the document as Helm prints it, `kind` what Helm sorts
    by ("" for a document of comments only), `object` the parsed document (None when it holds nothing).
    """

    path: str
    text: str
    kind: str
    object: KubernetesObject | None


@dataclass(frozen=True, slots=True)
class Hook:
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
