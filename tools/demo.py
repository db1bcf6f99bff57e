"""`make demo`: from nothing to a healthy release, on a control plane of its own (or, with CLUSTER, on one of yours).

Everything is real: API server, registry, the operator as a process under its own ServiceAccount, and Helm reading back
what the operator recorded. KEEP=1 leaves it all running and says how to talk to it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import yaml
from operators.borrowed import BorrowedCluster, NotUsable
from operators.process import NAMESPACE, ROOT, OperatorProcess, kubectl
from testenv.instance import Instance
from testenv.processes import ProcessId

READY_SECONDS = 120.0
OPERATOR_FILE = "operator.json"
"""In the folder of a kept demo: which process its operator is."""


def main() -> None:
    """Run the demo, or end a kept one (`down`). Exits with 1 and a reason where it does not end Ready."""
    if sys.argv[1:] == ["down"]:
        _end_kept()
        return
    keep, context = bool(os.environ.get("KEEP")), os.environ.get("CLUSTER", "")
    target = _borrow(context) if context else _own()
    _say(
        "starting etcd, API server, controllers, KWOK and a registry (about 10 s)"
        if not context
        else "starting a registry"
    )
    target.up(owner=None if keep else ProcessId.of(os.getpid()), report=_say)
    operator = OperatorProcess(target, log=target.logs / "operator.log", cache=target.layout.root / "cache")
    try:
        _show(target, operator)
        if keep:
            _explain(target, operator)
            return
    except Exception as error:
        _say(f"failed: {error}\n{operator.tail() if operator.log.exists() else ''}")
        raise SystemExit(1) from error
    finally:
        if not keep:
            _end(target, operator)


def _own() -> Instance:
    """The demo's own control plane; one that a KEEP=1 left running is not meddled with."""
    instance = Instance("demo")
    if instance.running():
        raise SystemExit(
            f"demo: a kept demo is running: use it with `export KUBECONFIG={instance.kubeconfig}`, "
            "or end it with `make demo-down`"
        )
    return instance


def _end_kept() -> None:
    """End the operator that a KEEP=1 started, then its control plane."""
    instance = Instance("demo")
    started = instance.layout.root / OPERATOR_FILE
    if started.exists():
        ProcessId(**json.loads(started.read_text())).kill()
    instance.down()


def _end(target: Instance | BorrowedCluster, operator: OperatorProcess) -> None:
    """Leave nothing behind: on a cluster of the user's the release goes while the operator can still see to it."""
    if isinstance(target, BorrowedCluster):
        target.down()
        operator.stop()
        target.remove()
        return
    operator.stop()
    target.down()


def _show(target: Instance | BorrowedCluster, operator: OperatorProcess) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url, digest = _push_sample(target, Path(folder))
    _say(f"pushed the sample chart: {url}@{digest}")
    operator.start()
    operator.wait_ready()
    _say("the operator is ready; applying the HelmRelease")
    kubectl(target, "apply", "-f", "-", stdin=_helm_release(url, digest))
    _follow(target, operator)
    _print("kubectl get hrel", kubectl(target, "get", "hrel"))
    _print("kubectl get deployment,service,configmap -l steersman.dev/name=hello",
           kubectl(target, "get", "deployment,service,configmap", "-l", "steersman.dev/name=hello"))  # fmt: skip
    helm = subprocess.run(
        [target.helm, "list", "--kubeconfig", target.kubeconfig], check=True, capture_output=True, text=True
    )
    _print("helm list", helm.stdout)


def _push_sample(target: Instance | BorrowedCluster, folder: Path) -> tuple[str, str]:
    subprocess.run(
        [target.helm, "package", ROOT / "deploy/samples/hello", "-d", folder], check=True, capture_output=True
    )
    (package,) = folder.glob("*.tgz")
    url = f"oci://{target.registry}/charts"
    pushed = subprocess.run(
        [target.helm, "push", "--plain-http", package, url], check=True, capture_output=True, text=True
    )
    digest = re.search(r"sha256:[0-9a-f]{64}", pushed.stdout + pushed.stderr)
    assert digest is not None
    return f"{url}/hello", digest.group()


def _helm_release(url: str, digest: str) -> str:
    release = yaml.safe_load((ROOT / "deploy/samples/helmrelease.yaml").read_text())
    release["spec"]["chart"] |= {"url": url, "digest": digest, "insecure": True}
    return yaml.safe_dump(release)


def _follow(target: Instance | BorrowedCluster, operator: OperatorProcess) -> None:
    """Print each change of the Ready condition until it is True."""
    seen, deadline = "", time.monotonic() + READY_SECONDS
    template = '{range .status.conditions[?(@.type=="Ready")]}{.status}: {.message}{end}'
    while time.monotonic() < deadline:
        now = kubectl(target, "get", "hrel", "hello", "-o", f"jsonpath={template}")
        if now and now != seen:
            _say(f"Ready={now}")
        if now.startswith("True"):
            return
        seen = now
        time.sleep(0.2)
    raise TimeoutError(f"not Ready within {READY_SECONDS:.0f} s; the operator's log is {operator.log}")


def _borrow(context: str) -> BorrowedCluster:
    """A cluster of the user's own, after asking."""
    cluster = BorrowedCluster(context)
    try:
        cluster.look()
    except NotUsable as error:
        raise SystemExit(f"demo: {error}") from error
    print(
        f"This installs Steersman's CRDs, the namespace {NAMESPACE} with a ServiceAccount that is cluster-admin, and a"
    )
    print(f"release `hello` in namespace default, into the cluster of context {context!r}.")
    print("Go on? [y/N] ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        cluster.forget()
        raise SystemExit("demo: nothing was changed")
    return cluster


def _explain(target: Instance | BorrowedCluster, operator: OperatorProcess) -> None:
    started = asdict(ProcessId.of(operator.pid))
    (target.layout.root / OPERATOR_FILE).write_text(json.dumps(started))
    print(f"""
Everything is still running:
  export KUBECONFIG={target.kubeconfig}
  {target.kubectl} get hrel -w
  {target.helm} list
  push charts to oci://{target.registry}/… with `helm push --plain-http`
  the operator is process {operator.pid}, its log {operator.log}
End it with: make demo-down""")


def _print(title: str, text: str) -> None:
    print(f"\n$ {title}\n{text.rstrip()}", flush=True)


def _say(text: str) -> None:
    print(f"demo: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
