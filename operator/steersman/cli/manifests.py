"""What a render gave, on standard output or in files, as `helm template` writes it. Called by `template`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from steersman.cli.output import OutputFolder, write
from steersman.core.chart.errors import PatternError
from steersman.core.chart.patterns import path_match
from steersman.core.golang.runes import SPACE
from steersman.core.golang.types import to_bytes
from steersman.core.manifest.model import Hook
from steersman.core.manifest.parse import split_documents
from steersman.core.render.engine import document_text, without_notes
from steersman.core.render.errors import RenderError
from steersman.core.render.model import Rendered
from steersman.errors import SteersmanError

_SOURCE = re.compile(r"# Source: [^/]+/(.+)")


class Output(NamedTuple):
    """Where to, and what of it. `inside` is a subfolder of `folder` for everything but CRDs."""

    folder: str = ""
    inside: str = ""
    show_only: tuple[str, ...] = ()
    no_hooks: bool = False
    skip_tests: bool = False

    def print(self, crds: Iterable[tuple[str, str]], rendered: Rendered) -> None:
        """Print (or write) CRDs, manifests and hooks. Raises RenderError where `show_only` matches nothing, and
        OutputError."""
        hooks = self._chosen(rendered.hooks)
        if not self.folder:
            self._print(output_text(crds, rendered, hooks))
            return
        folder = OutputFolder(self.folder)
        for path, text in crds:
            folder.add(path, document_text(path, text))
        for manifest in rendered.manifests:
            folder.add(manifest.path, document_text(manifest.path, manifest.text), inside=self.inside)
        self._write_hooks(folder, hooks)
        self._print("\n")

    def print_broken(self, files: Mapping[str, str], hooks: Iterable[Hook], error: SteersmanError) -> None:
        """Print what there is where manifests are no YAML or templates failed: the files as they are, in order of their
        paths (Helm's is random), then the hooks. Raises `error` where nothing matches `show_only`, and OutputError."""
        texts = {path: text for path, text in without_notes(files).items() if text.strip(SPACE)}
        manifests = "".join([document_text(path, texts[path]) for path in sorted(texts, key=to_bytes)])
        chosen = self._chosen(hooks)
        if self.folder:
            self._write_hooks(OutputFolder(self.folder), chosen)
            chosen = []
        try:
            self._print(_joined(manifests, chosen))
        except RenderError:
            raise error from None

    def _print(self, text: str) -> None:
        write(_selected(text, self.show_only) if self.show_only else text)

    def _write_hooks(self, folder: OutputFolder, hooks: Iterable[Hook]) -> None:
        for hook in hooks:
            folder.add(hook.path, document_text(hook.path, hook.text), inside=self.inside, keep=True)

    def _chosen(self, hooks: Iterable[Hook]) -> list[Hook]:
        if self.no_hooks:
            return []
        return [hook for hook in hooks if not (self.skip_tests and "test" in hook.events)]


def output_text(crds: Iterable[tuple[str, str]], rendered: Rendered, hooks: Iterable[Hook]) -> str:
    """What `helm template` prints: CRDs and manifests with white space around them cut, then the hooks."""
    return _joined("".join([*(document_text(path, text) for path, text in crds), rendered.manifest]), hooks)


def _joined(manifests: str, hooks: Iterable[Hook]) -> str:
    return manifests.strip(SPACE) + "\n" + "".join([document_text(hook.path, hook.text) for hook in hooks])


def _selected(text: str, patterns: tuple[str, ...]) -> str:
    """The documents whose template matches, a pattern at a time. Raises RenderError where one matches nothing."""
    documents = split_documents(text)
    chosen: list[str] = []
    for pattern in patterns:
        matching = [document for document in documents if _comes_from(document, pattern)]
        if not matching:
            raise RenderError(f"could not find template {pattern} in chart")
        chosen.extend(matching)
    return "".join([f"---\n{document}\n" for document in chosen])


def _comes_from(document: str, pattern: str) -> bool:
    source = _SOURCE.search(document)
    if source is None:
        return False
    try:
        return path_match(pattern, source[1])
    except PatternError:
        return False
