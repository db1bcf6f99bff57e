"""The objects that all charts of a tree render or bring along, for the checks of ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from steersman.core import yaml
from steersman.core.chart.model import crd_files
from steersman.core.golang.types import from_bytes
from steersman.core.lint.rendering import Rendering
from steersman.core.manifest.identity import KubernetesObject
from steersman.core.manifest.parse import split_documents


@dataclass(frozen=True, slots=True)
class RenderedObject:
    """An object and the template it comes from, as messages name both."""

    path: str
    object: KubernetesObject

    @property
    def api_version(self) -> str:
        """`apps/v1`, "" where there is none."""
        return _text(self.object.get("apiVersion"))

    @property
    def kind(self) -> str:
        """`Deployment`, "" where there is none."""
        return _text(self.object.get("kind"))

    def __str__(self) -> str:
        """`Deployment web`; a name the API server is to make ends in `*`."""
        metadata = self.object.get("metadata")
        fields = metadata if isinstance(metadata, dict) else {}
        prefix = _text(fields.get("generateName"))
        name = _text(fields.get("name")) or (f"{prefix}*" if prefix else "without a name")
        return f"{self.kind} {name}"


def rendered_objects(rendering: Rendering) -> Iterator[RenderedObject]:
    """Every object of the templates, those in a List one by one."""
    for path, text in sorted(rendering.files.items()):
        if not path.endswith(".txt"):
            yield from _in_text(rendering.inner_path(path), text)


def crd_objects(rendering: Rendering) -> Iterator[RenderedObject]:
    """Every object of the folders crds/."""
    for file in crd_files(rendering.chart):
        yield from _in_text(rendering.inner_path(file.name), from_bytes(file.data))


def _in_text(path: str, text: str) -> Iterator[RenderedObject]:
    """What is no YAML is left to Helm's rules, and to a render."""
    for document in split_documents(text):
        try:
            loaded = yaml.load_exact(document)
        except yaml.YAMLError:
            continue
        yield from _objects(path, loaded)


def _objects(path: str, document: Any) -> Iterator[RenderedObject]:
    if not isinstance(document, dict):
        return
    items = document.get("items")
    if document.get("kind") == "List" and isinstance(items, list):
        for item in items:
            yield from _objects(path, item)
    else:
        yield RenderedObject(path, document)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
