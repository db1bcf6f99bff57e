"""The benchmark of installs: floor, operator, rest, Helm, one after another on one control plane."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from operators.process import OperatorProcess
from testenv.instance import Instance

from bench.audit import WRITES, AuditMark, is_lease
from bench.chart import BenchChart
from bench.cluster import Cluster, connect, side_by_side
from bench.processes import PeakMemory, cpu_seconds, tree_cpu_seconds

HRELS = "/apis/steersman.dev/v1alpha1"
REST_SECONDS = 60
HELM_RELEASES = 10

_PATHS = {
    "ServiceAccount": "/api/v1/namespaces/{ns}/serviceaccounts/{name}",
    "Service": "/api/v1/namespaces/{ns}/services/{name}",
    "Deployment": "/apis/apps/v1/namespaces/{ns}/deployments/{name}",
}


async def measure(instance: Instance, chart: BenchChart, count: int) -> dict[str, Any]:
    """All figures of one run."""
    async with connect(instance, "steersman-bench") as cluster:
        figures: dict[str, Any] = {"n": count}
        figures |= await _floor(cluster, instance, chart, count)
        figures |= await _operator(cluster, instance, chart, count)
        figures |= await asyncio.to_thread(_helm, instance, chart)
    return figures


async def _floor(cluster: Cluster, instance: Instance, chart: BenchChart, count: int) -> dict[str, Any]:
    """Raw concurrent server-side apply of the same objects, until all Deployments are available."""
    async with _namespace(cluster, "floor") as namespace:
        objects = [chart.objects(f"web-{number}", namespace) for number in range(1)]
        releases = [_renamed(objects[0], "web-0", f"web-{number}") for number in range(count)]
        server = instance.processes["kube-apiserver"]
        cpu, own, began = cpu_seconds(server), time.process_time(), time.monotonic()
        waiting = asyncio.create_task(
            cluster.until_all(f"/apis/apps/v1/namespaces/{namespace}/deployments", count, _is_available)
        )

        async def release(members: list[dict[str, Any]]) -> None:
            for obj in members:
                path = _PATHS[obj["kind"]].format(ns=namespace, name=obj["metadata"]["name"])
                await cluster.apply(path, obj)

        await side_by_side([lambda members=members: release(members) for members in releases])  # type: ignore[misc]
        await waiting
        return {
            "floor_wall_s": round(time.monotonic() - began, 2),
            "floor_client_cpu_s": round(time.process_time() - own, 2),
            "floor_apiserver_cpu_s": round(cpu_seconds(server) - cpu, 2),
        }


async def _operator(cluster: Cluster, instance: Instance, chart: BenchChart, count: int) -> dict[str, Any]:
    """N HelmReleases created at once, until all are Ready; then rest."""
    async with _namespace(cluster, "bench") as namespace:
        with OperatorProcess(instance) as operator:
            operator.wait_ready()
            server = instance.processes["kube-apiserver"]
            mark = AuditMark(instance.audit_log)
            path = f"{HRELS}/namespaces/{namespace}/helmreleases"
            with PeakMemory(operator.pid) as memory:
                cpu, own, began = cpu_seconds(server), tree_cpu_seconds(operator.pid), time.monotonic()
                waiting = asyncio.create_task(cluster.until_all(path, count, _is_ready))
                bodies = [_helm_release(chart, f"web-{number}", namespace) for number in range(count)]
                await side_by_side([lambda body=body: cluster.request("POST", path, body) for body in bodies])  # type: ignore[misc]
                await waiting
                wall = time.monotonic() - began
                spent, server_cpu = tree_cpu_seconds(operator.pid) - own, cpu_seconds(server) - cpu
            await asyncio.sleep(1)
            verbs = mark.by_verb("steersman/")
            figures = {
                "wall_s": round(wall, 2),
                "operator_cpu_s_per_release": round(spent / count, 4),
                "operator_peak_mib": round(memory.mib, 1),
                "apiserver_cpu_s": round(server_cpu, 2),
                "requests_per_release": {verb: round(n / count, 2) for verb, n in sorted(verbs.items())},
            }
            figures |= await _rest(instance, operator.pid)
            await _delete_all(cluster, path)
            return figures


async def _rest(instance: Instance, pid: int) -> dict[str, Any]:
    """A minute in which nothing is due."""
    await asyncio.sleep(5)
    mark, cpu = AuditMark(instance.audit_log), tree_cpu_seconds(pid)
    await asyncio.sleep(REST_SECONDS)
    requests = [event for event in mark.requests("steersman/") if not is_lease(event)]
    return {
        "idle_cpu_s": round(tree_cpu_seconds(pid) - cpu, 2),
        "idle_requests": sum(event["verb"] != "watch" for event in requests),
        "idle_writes": sum(event["verb"] in WRITES for event in requests),
    }


def _helm(instance: Instance, chart: BenchChart) -> dict[str, Any]:
    """`helm install --wait`, some releases one after another."""
    before, began = _children_cpu(), time.monotonic()
    for number in range(HELM_RELEASES):
        subprocess.run(
            [
                instance.helm, "install", f"helm-{number}", chart.folder, "--wait",
                "--namespace", "helm", "--create-namespace", "--kubeconfig", instance.kubeconfig,
            ],
            check=True, capture_output=True,
        )  # fmt: skip
    return {
        "helm_cpu_s_per_release": round((_children_cpu() - before) / HELM_RELEASES, 4),
        "helm_wall_s_per_release": round((time.monotonic() - began) / HELM_RELEASES, 3),
    }


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _renamed(objects: list[dict[str, Any]], old: str, new: str) -> list[dict[str, Any]]:
    def walk(value: Any) -> Any:
        match value:
            case dict():
                return {key: walk(item) for key, item in value.items()}
            case list():
                return [walk(item) for item in value]
            case str():
                return value.replace(old, new)
            case _:
                return value

    return [walk(obj) for obj in objects]


def _helm_release(chart: BenchChart, name: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "steersman.dev/v1alpha1",
        "kind": "HelmRelease",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"chart": {"url": chart.url, "digest": chart.digest, "insecure": True}},
    }


def _is_available(obj: dict[str, Any]) -> bool:
    return _condition(obj, "Available")


def _is_ready(obj: dict[str, Any]) -> bool:
    return _condition(obj, "Ready")


def _condition(obj: dict[str, Any], wanted: str) -> bool:
    conditions = (obj.get("status") or {}).get("conditions") or []
    return any(item["type"] == wanted and item["status"] == "True" for item in conditions)


@asynccontextmanager
async def _namespace(cluster: Cluster, name: str) -> AsyncIterator[str]:
    """A namespace for one measurement; gone, with what is in it, before the next begins."""
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    await cluster.request("POST", "/api/v1/namespaces", body)
    yield name
    await cluster.request("DELETE", f"/api/v1/namespaces/{name}")
    while any(
        item["metadata"]["name"] == name for item in (await cluster.request("GET", "/api/v1/namespaces"))["items"]
    ):
        await asyncio.sleep(0.5)
    await asyncio.sleep(3)


async def _delete_all(cluster: Cluster, path: str) -> None:
    """Delete the HelmReleases and wait until the operator has let the last one go."""
    await cluster.request("DELETE", path)
    while (await cluster.request("GET", path))["items"]:
        await asyncio.sleep(0.5)
