"""`make demo`: from nothing to a healthy release, on a control plane of its own (or, with CLUSTER, on one of yours).

Everything is real: API server, registry, the operator as a process under its own ServiceAccount, and Helm reading back
what the operator recorded. KEEP=1 leaves it all running and says how to talk to it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from operators.borrowed import BorrowedCluster, NotUsable
from operators.process import NAMESPACE, ROOT, OperatorProcess, kubectl
from testenv.instance import Instance
from testenv.processes import ProcessId

READY_SECONDS = 120.0


def main() -> None:
    """Run the demo. Exits with 1 and a reason where it does not end Ready."""
    keep, context = bool(os.environ.get("KEEP")), os.environ.get("CLUSTER", "")
    target = _borrow(context) if context else Instance("demo")
    _say(
        "starting etcd, API server, controllers, KWOK and a registry (about 10 s)"
        if not context
        else "starting a registry"
    )
    try:
        target.up(owner=None if keep else ProcessId.of(os.getpid()), report=_say)
    except NotUsable as error:
        raise SystemExit(f"demo: {error}") from error
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
    print(
        f"This installs Steersman's CRDs, the namespace {NAMESPACE} with a ServiceAccount that is cluster-admin, and a"
    )
    print(f"release `hello` in namespace default, into the cluster of context {context!r}.")
    if input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise SystemExit("demo: nothing was changed")
    return BorrowedCluster(context)


def _explain(target: Instance | BorrowedCluster, operator: OperatorProcess) -> None:
    print(f"""
Everything is still running:
  export KUBECONFIG={target.kubeconfig}
  {target.kubectl} get hrel -w
  {target.helm} list
  push charts to oci://{target.registry}/… with `helm push --plain-http`
  the operator is process {operator.pid}, its log {operator.log}
End it with: kill {operator.pid}; PYTHONPATH=tools .venv/bin/python -m testenv down --name {target.name}""")


def _print(title: str, text: str) -> None:
    print(f"\n$ {title}\n{text.rstrip()}", flush=True)


def _say(text: str) -> None:
    print(f"demo: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
