"""What the command line's tests share: a chart, a registry's script, what a command gave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from packing import packed
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


CHART = packed({"Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.2.3\n", "templates/x.yaml": CONFIG_MAP})
MANIFEST = manifest_of(CHART)
DIGEST = sha256(MANIFEST)
TAGS = ("1.0.0", "1.2.3", "2.0.0-rc.1")


def with_password(server: ScriptedServer, authorization: str) -> None:
    """Make the registry ask for this Authorization header."""
    script = contents(MANIFEST, CHART, TAGS)
    refusal = Reply(401, headers={"WWW-Authenticate": 'Basic realm="test"'})
    server.script = lambda request: script(request) if request.authorization == authorization else refusal
