"""What the command line's tests share: a chart, a registry's script, what a command gave."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from registry.scripted import Reply, ScriptedServer, contents, manifest_of, sha256

CONFIG_MAP = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
data:
  version: {{ .Chart.Version }}
  values: {{ omit .Values "global" | toJson | quote }}
"""


@dataclass(frozen=True)
class Outcome:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


def archive_of(files: Mapping[str, str]) -> bytes:
    """A chart archive, the same bytes each time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"chart/{name}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(buffer.getvalue(), mtime=0)


CHART = archive_of({"Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.2.3\n", "templates/x.yaml": CONFIG_MAP})
MANIFEST = manifest_of(CHART)
DIGEST = sha256(MANIFEST)
TAGS = ("1.0.0", "1.2.3", "2.0.0-rc.1")


def with_password(server: ScriptedServer, authorization: str) -> None:
    """Make the registry ask for this Authorization header."""
    script = contents(MANIFEST, CHART, TAGS)
    refusal = Reply(401, headers={"WWW-Authenticate": 'Basic realm="test"'})
    server.script = lambda request: script(request) if request.authorization == authorization else refusal
