"""The servers of one instance: what each is told on its command line and in its configuration files.

instance.py decides when they start. Configuration and kubeconfigs are JSON, which every reader of YAML takes. The
controller manager and the scheduler get raised client limits: with their defaults these two would set the pace of
everything that is measured.
"""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testenv.binaries import Toolbox
from testenv.certificates import write_private
from testenv.layout import Layout
from testenv.ports import LOOPBACK, Ports
from testenv.processes import Server

ADMIN = "admin"
NODE = "kwok-node-0"
CLIENT_QPS = 500
CLIENT_BURST = 1000
# In the format of container runtimes, the one KWOK reads.
POD_LOG_LINE = "2026-01-01T00:00:00.000000000Z stdout F This pod is simulated: nothing runs in it.\n"

ETCD = "etcd"
APISERVER = "kube-apiserver"
CONTROLLERS = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
KWOK = "kwok"
REGISTRY = "registry"
ORDER = (ETCD, REGISTRY, APISERVER, CONTROLLERS, SCHEDULER, KWOK)
CLIENTS = (CONTROLLERS, SCHEDULER, KWOK)
"""Servers that are clients of the API server: each has a user of its own, so that the audit log tells them apart."""


@dataclass(frozen=True)
class Setting:
    """What the command lines depend on."""

    layout: Layout
    ports: Ports
    tools: Toolbox

    @property
    def url(self) -> str:
        return f"https://{LOOPBACK}:{self.ports.apiserver}"


def write_files(setting: Setting) -> None:
    """Write every file the servers read, the tokens included."""
    layout = setting.layout
    layout.config("x").parent.mkdir(parents=True, exist_ok=True)
    tokens = {user: secrets.token_hex(24) for user in (ADMIN, *CLIENTS)}
    lines = [f'{token},{user},{user},"system:masters"\n' for user, token in tokens.items()]
    write_private(layout.tokens, "".join(lines).encode())
    write_private(layout.kubeconfig, kubeconfig(setting.url, layout.ca_file, ADMIN, tokens[ADMIN]))
    for user in CLIENTS:
        write_private(_kubeconfig_path(layout, user), kubeconfig(setting.url, layout.ca_file, user, tokens[user]))
    layout.pod_log.write_text(POD_LOG_LINE)
    for name, content in _configurations(setting).items():
        layout.config(name).write_text(json.dumps(content, indent=1))


def servers(setting: Setting) -> dict[str, Server]:
    """The command line of every server, by name."""
    made = (_etcd, _registry, _apiserver, _controller_manager, _scheduler, _kwok)
    return {server.name: server for server in (make(setting) for make in made)}


def kubeconfig(url: str, ca_file: Path, user: str, token: str, namespace: str = "default") -> bytes:
    """A kubeconfig with one context."""
    name = "steersman-testenv"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": url, "certificate-authority": str(ca_file)}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user, "namespace": namespace}}],
        "current-context": name,
    }
    return json.dumps(content, indent=1).encode()


def token_of(layout: Layout, user: str) -> str:
    """The token of a user of this instance."""
    rows = (line.split(",") for line in layout.tokens.read_text().splitlines())
    return next(token for token, name, *_ in rows if name == user)


def node_object() -> dict[str, Any]:
    """The node all pods run on."""
    labels = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": NODE,
        "kubernetes.io/os": "linux",
        "type": "kwok",
    }
    metadata = {"name": NODE, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}}
    # What KWOK would say has no ephemeral-storage: pods that ask for some would stay unschedulable.
    room = {"cpu": "1k", "memory": "1Ti", "pods": "1M", "ephemeral-storage": "1Ti"}
    status = {"allocatable": room, "capacity": room}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status}


def _etcd(setting: Setting) -> Server:
    client = f"http://{LOOPBACK}:{setting.ports.etcd}"
    command = (
        str(setting.tools[ETCD]),
        f"--data-dir={setting.layout.data(ETCD)}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls=http://{LOOPBACK}:0",  # it has no peers: any port will do
        "--unsafe-no-fsync",
        "--log-level=warn",
    )
    return Server(ETCD, command, setting.layout.log(ETCD), port=setting.ports.etcd)


def _apiserver(setting: Setting) -> Server:
    layout = setting.layout
    command = (
        str(setting.tools[APISERVER]),
        f"--etcd-servers=http://{LOOPBACK}:{setting.ports.etcd}",
        f"--bind-address={LOOPBACK}",
        f"--advertise-address={LOOPBACK}",
        f"--secure-port={setting.ports.apiserver}",
        f"--tls-cert-file={layout.tls_cert}",
        f"--tls-private-key-file={layout.tls_key}",
        "--endpoint-reconciler-type=none",  # it refuses to publish a loopback address
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=Node,RBAC",
        f"--token-auth-file={layout.tokens}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-signing-key-file={layout.account_key}",
        f"--service-account-key-file={layout.account_key}",
        f"--kubelet-certificate-authority={layout.ca_file}",
        "--kubelet-preferred-address-types=InternalIP",
        "--allow-privileged=true",
        f"--audit-log-path={layout.audit_log}",
        f"--audit-policy-file={layout.config('audit.json')}",
        "--audit-log-maxsize=100000",  # MB: 0 would mean 100, and a rotated log loses every mark in it
    )
    return Server(APISERVER, command, layout.log(APISERVER), port=setting.ports.apiserver)


def _controller_manager(setting: Setting) -> Server:
    layout = setting.layout
    command = (
        str(setting.tools[CONTROLLERS]),
        f"--kubeconfig={_kubeconfig_path(layout, CONTROLLERS)}",
        "--leader-elect=false",
        "--secure-port=0",
        "--controllers=*,-node-ipam-controller",  # node-lifecycle-controller stays: it takes the taint off the node
        # KWOK sends no heartbeats: with leases, one that follows a killed one would wait until the old lease ends.
        "--node-monitor-grace-period=24h",
        f"--service-account-private-key-file={layout.account_key}",
        f"--root-ca-file={layout.ca_file}",
        f"--kube-api-qps={CLIENT_QPS}",
        f"--kube-api-burst={CLIENT_BURST}",
    )
    return Server(CONTROLLERS, command, layout.log(CONTROLLERS))


def _scheduler(setting: Setting) -> Server:
    layout = setting.layout
    command = (
        str(setting.tools[SCHEDULER]),
        f"--config={layout.config('scheduler.json')}",
        "--secure-port=0",
    )
    return Server(SCHEDULER, command, layout.log(SCHEDULER))


def _kwok(setting: Setting) -> Server:
    layout = setting.layout
    configs = (*setting.tools.stage_files, layout.config("kwok-logs.json"))
    command = (
        str(setting.tools[KWOK]),
        f"--kubeconfig={_kubeconfig_path(layout, KWOK)}",
        "--manage-all-nodes=true",
        "--cidr=10.244.0.0/16",
        f"--node-ip={LOOPBACK}",
        f"--node-port={setting.ports.node}",
        f"--server-address={LOOPBACK}:{setting.ports.node}",  # or it would listen on every interface
        f"--tls-cert-file={layout.tls_cert}",
        f"--tls-private-key-file={layout.tls_key}",
        *(f"--config={path}" for path in configs),
    )
    return Server(KWOK, command, layout.log(KWOK), port=setting.ports.node)


def _registry(setting: Setting) -> Server:
    layout = setting.layout
    command = (str(setting.tools[REGISTRY]), "serve", str(layout.config("registry.json")))
    return Server(REGISTRY, command, layout.log(REGISTRY), output=layout.registry_log, port=setting.ports.registry)


def _configurations(setting: Setting) -> dict[str, Any]:
    layout = setting.layout
    return {
        "audit.json": {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "rules": [{"level": "Metadata"}],
        },
        "scheduler.json": {
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "clientConnection": {
                "kubeconfig": str(_kubeconfig_path(layout, SCHEDULER)),
                "qps": CLIENT_QPS,
                "burst": CLIENT_BURST,
            },
            "leaderElection": {"leaderElect": False},
        },
        "kwok-logs.json": {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "ClusterLogs",
            "metadata": {"name": "all-pods"},
            "spec": {"logs": [{"logsFile": str(layout.pod_log)}]},
        },
        "registry.json": registry_configuration(layout.data(REGISTRY), setting.ports.registry),
    }


def registry_configuration(data: Path, port: int) -> dict[str, Any]:
    """A registry on loopback without TLS, its storage on disk, deletion allowed."""
    return {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": False}},
        "storage": {"filesystem": {"rootdirectory": str(data)}, "delete": {"enabled": True}},
        "http": {"addr": f"{LOOPBACK}:{port}"},
    }


def _kubeconfig_path(layout: Layout, user: str) -> Path:
    return layout.config(f"{user}.kubeconfig")
