"""The charts that the tests of the actions install: template name → text."""

from steersman.core.manifest.hooks import HOOK, HOOK_DELETE_POLICY


def config_map(name: str, *, data: str = "1", **annotations: str) -> str:
    """A ConfigMap."""
    return f"""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  annotations: {{{_flow(annotations)}}}
data: {{key: "{data}"}}
"""


def deployment(name: str, *, image: str = "web:1") -> str:
    """A Deployment of one replica."""
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 1
  progressDeadlineSeconds: 600
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: web, image: "{image}"}}]}}
"""


def hook(name: str, events: str, *, policy: str = "", weight: int = 0, kind: str = "Job") -> str:
    """A hook: a Job, or an object of another kind."""
    policies = f'"{HOOK_DELETE_POLICY}": "{policy}", ' if policy else ""
    group = {"Job": "batch/v1", "Pod": "v1", "ConfigMap": "v1"}[kind]
    spec = (
        "spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}}" if kind == "Job" else ""
    )
    return f"""\
apiVersion: {group}
kind: {kind}
metadata:
  name: {name}
  annotations: {{{policies}"{HOOK}": "{events}", "helm.sh/hook-weight": "{weight}"}}
{spec}
"""


def _flow(annotations: dict[str, str]) -> str:
    return ", ".join(f'"{key}": "{value}"' for key, value in annotations.items())


FIRST = {
    "a": config_map("a"),
    "b": config_map("b"),
    "web": deployment("web"),
    "migrate": hook("migrate", "pre-install,pre-upgrade"),
    "notify": hook("notify", "post-install,post-upgrade", policy="hook-succeeded"),
    "backup": hook("backup", "pre-delete", policy="before-hook-creation,hook-succeeded"),
    "report": hook("report", "post-delete", policy="hook-succeeded"),
}
SECOND = {
    **{name: text for name, text in FIRST.items() if name != "b"},
    "a": config_map("a", data="2"),
    "c": config_map("c"),
    "web": deployment("web", image="web:2"),
}
