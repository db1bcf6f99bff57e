"""The chart of the benchmarks: what `helm create` makes, tests off, one replica, pushed to the bench's registry."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from testenv.instance import Instance


@dataclass(frozen=True)
class BenchChart:
    """Where the chart is: a folder for Helm, URL and digest for us."""

    folder: Path
    url: str
    digest: str
    helm: Path

    def objects(self, name: str, namespace: str) -> list[dict[str, Any]]:
        """What the chart renders to for a release, by the real Helm."""
        command = [str(self.helm), "template", name, str(self.folder), "--namespace", namespace]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        objects = [document for document in yaml.safe_load_all(text) if document]
        for obj in objects:
            obj["metadata"]["namespace"] = namespace
        return objects


def make_chart(instance: Instance, folder: Path) -> BenchChart:
    """Create, package and push it."""
    subprocess.run([instance.helm, "create", "web"], cwd=folder, check=True, capture_output=True)
    shutil.rmtree(folder / "web" / "templates" / "tests")
    subprocess.run([instance.helm, "package", "web"], cwd=folder, check=True, capture_output=True)
    (package,) = folder.glob("web-*.tgz")
    url = f"oci://{instance.registry}/bench"
    pushed = subprocess.run(
        [instance.helm, "push", "--plain-http", package.name, url],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    digest = re.search(r"sha256:[0-9a-f]{64}", pushed.stdout + pushed.stderr)
    assert digest is not None
    return BenchChart(folder / "web", f"{url}/web", digest.group(), instance.helm)
