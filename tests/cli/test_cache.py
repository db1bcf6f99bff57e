"""`steersman cache list|prune`: what lies there, what goes, what stays."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

import pytest
from cli.support import CHART, DIGEST, MANIFEST, Command, Outcome
from registry.scripted import ScriptedServer, sha256

from steersman.cli.main import run
from steersman.core.yaml.reader import load
from steersman.registry.cache import ChartCache
from steersman.rendering.compiled import CompiledCharts

DAY = 86_400
PROVENANCE = b"-----BEGIN PGP SIGNED MESSAGE-----\n"


@pytest.fixture
def cache(capfd: pytest.CaptureFixture[str]) -> Command:
    """`steersman cache` with these arguments."""

    def command(*arguments: str) -> Outcome:
        capfd.readouterr()
        code = run(["cache", *arguments])
        shown = capfd.readouterr()
        return Outcome(code, shown.out, shown.err)

    return command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The cache of an operator: a manifest, its chart, provenance and something else, a compiled chart."""
    root = tmp_path / "operator"
    charts = ChartCache(root)
    for days, data in enumerate([MANIFEST, CHART, PROVENANCE, b"something else"], start=1):
        charts.put(sha256(data), data)
        age(root, sha256(data), days)
    CompiledCharts(root).put(sha256(CHART), b"x" * 2000)
    return root


def age(root: Path, digest: str, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(entry(root, digest), (then, then))


def entry(root: Path, digest: str) -> Path:
    (path,) = root.rglob(digest.removeprefix("sha256:"))
    return path


def kept(root: Path) -> set[str]:
    return {path.name for path in (root / "charts-v1").glob("??/*")}


def test_a_table_of_what_was_pulled_and_rendered(
    registry: ScriptedServer, template: Command, cache: Command, home: Path
) -> None:
    assert cache("list").out == "DIGEST\tKIND\tCHART\tVERSION\tSIZE\tLAST USED\n"
    template("--plain-http", f"{registry.url}@{DIGEST}")
    outcome = cache("list")
    assert outcome.code == 0
    rows = [[cell.strip() for cell in line.split("\t")] for line in outcome.out.splitlines()[1:]]
    assert {tuple(row[:4]) for row in rows} >= {
        (DIGEST[:19], "manifest", "-", "-"), (sha256(CHART)[:19], "chart", "app", "1.2.3"),
    }  # fmt: skip
    assert [row[1] for row in rows].count("compiled") == 1
    assert outcome.err.startswith("3 entries, ")
    assert outcome.err.endswith(f" in {home}/.cache/steersman\n")


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_list_for_programs(cache: Command, folder: Path, form: str) -> None:
    outcome = cache("list", "--cache-dir", str(folder), "-o", form)
    listed = json.loads(outcome.out) if form == "json" else load(outcome.out)
    assert [item["kind"] for item in listed] == ["compiled", "manifest", "chart", "provenance", "other"]
    chart = listed[2]
    assert (chart["digest"], chart["chart"], chart["version"]) == (sha256(CHART), "app", "1.2.3")
    assert chart["size"] == len(CHART)
    assert Path(chart["path"]).read_bytes() == CHART
    assert outcome.err == ""


def test_looking_is_no_use(cache: Command, folder: Path) -> None:
    before = entry(folder, sha256(CHART)).stat().st_mtime
    cache("list", "--content-cache", str(folder))
    assert entry(folder, sha256(CHART)).stat().st_mtime == before


@pytest.mark.parametrize(
    ("flags", "gone"),
    [
        pytest.param(["--older-than", "60h"], [PROVENANCE, b"something else"], id="older-than"),
        pytest.param(["--older-than", "1w"], [], id="older-than-all"),
        pytest.param(["--max-size", "2.4k"], [PROVENANCE, b"something else", CHART, MANIFEST], id="max-size"),
        pytest.param(["--max-size", "1Gi"], [], id="max-size-is-enough"),
        pytest.param(["--max-size", "1G", "--older-than", "84h"], [b"something else"], id="both"),
        pytest.param(["--all"], [MANIFEST, CHART, PROVENANCE, b"something else"], id="all"),
    ],
)
def test_what_goes(cache: Command, folder: Path, flags: list[str], gone: list[bytes]) -> None:
    before = kept(folder)
    wanted = {sha256(data).removeprefix("sha256:") for data in gone}
    plan = cache("prune", "--cache-dir", str(folder), "--dry-run", *flags)
    assert kept(folder) == before
    done = cache("prune", "--cache-dir", str(folder), *flags)
    assert before - kept(folder) == wanted
    assert plan.out.replace("would be deleted", "deleted").replace("Would delete", "Deleted") == done.out
    assert done.out.count(": deleted\n") == len(gone) + ("--all" in flags)
    assert f"left in {folder}\n" in done.out


def test_what_is_in_use_stays(cache: Command, folder: Path) -> None:
    with entry(folder, sha256(CHART)).open("rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        outcome = cache("prune", "--all", "--cache-dir", str(folder))
    assert f"{sha256(CHART)} chart app 1.2.3 (" in outcome.out
    assert outcome.out.count("in use, kept") == 1
    assert kept(folder) == {sha256(CHART).removeprefix("sha256:")}
    assert "Deleted 4 entries" in outcome.out
    assert "; 1 entry, " in outcome.out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param(["prune"], "say what to delete: --max-size, --older-than or --all", id="nothing-said"),
        pytest.param(["prune", "--all", "--max-size", "1"], "leave it out, or --max-size", id="all-and-size"),
        pytest.param(["prune", "--all", "--older-than", "1d"], "--all deletes everything", id="all-and-age"),
        pytest.param(["prune", "--max-size", "lots"], "write it like 500Mi, 1Gi", id="size"),
        pytest.param(["prune", "--older-than", "30"], "write it like 12h, 30d", id="age"),
        pytest.param(["prune", "--all", "--cache-dir", "/no/such"], "/no/such is no folder", id="no-folder"),
        pytest.param(["list", "--cache-dir", "/no/such"], "/no/such is no folder", id="list-of-no-folder"),
        pytest.param(["burn"], "unknown command", id="no-command"),
    ],
)
def test_wrong_use_says_what_is_right(cache: Command, arguments: list[str], text: str) -> None:
    outcome = cache(*arguments)
    assert outcome.code == 1
    assert text in outcome.err


def test_alone_it_prints_its_help(cache: Command) -> None:
    outcome = cache()
    assert (outcome.code, outcome.err) == (0, "")
    assert "Usage: steersman cache" in outcome.out


def test_names_of_charts_cannot_write_on_the_terminal(cache: Command, tmp_path: Path) -> None:
    manifest = json.dumps({"annotations": {"org.opencontainers.image.title": "web\x1b[2J\n"}}).encode()
    ChartCache(tmp_path / "c").put(sha256(manifest), manifest)
    assert "\x1b" not in cache("list", "--cache-dir", str(tmp_path / "c")).out


def test_what_signatures_said_is_listed_too(cache: Command, tmp_path: Path) -> None:
    ChartCache(tmp_path / "c").put_named("ab" * 32, b"by whom")
    (row,) = json.loads(cache("list", "--cache-dir", str(tmp_path / "c"), "-o", "json").out)
    assert (row["digest"], row["kind"]) == ("ab" * 32, "signature")
