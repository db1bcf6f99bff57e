"""Does what the Dockerfile says, without a container: its commands run on this machine below a folder of their own.

Knows the instructions that our Dockerfile uses and refuses any other, so that the file cannot outgrow its test. Paths
of the image are moved below the folder, and what the last stage does not copy is removed in the end.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

IMAGE_FOLDERS = ("/opt", "/src", "/run/steersman", "/var/cache/steersman")
"""Where the image keeps its own things. Everything else it has from its base."""
BUILD_SECONDS = 300.0


@dataclass
class Image:
    """What came out: where it lies, and how a container would start it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    user: str = ""
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def moved(self, text: str) -> str:
        """A text with the image's paths as they are on this machine."""
        folders = "|".join(map(re.escape, IMAGE_FOLDERS))
        return re.sub(rf"(?<![\w/.])({folders})(?![\w-])", lambda path: f"{self.root}{path[1]}", text)


def build(dockerfile: Path, root: Path, python: str) -> Image:
    """Build below `root`, from the folder that the Dockerfile is in. `python` is what the base image has."""
    at_work = _Build(dockerfile.parent, Image(root), python)
    known = {
        "ARG": at_work.arg, "FROM": at_work.begin, "WORKDIR": at_work.workdir, "COPY": at_work.copy, "RUN": at_work.run,
        "ENV": at_work.env, "USER": at_work.user, "ENTRYPOINT": at_work.entrypoint, "CMD": at_work.cmd,
    }  # fmt: skip
    for instruction, arguments in instructions(dockerfile):
        known[instruction](arguments)
    at_work.finish()
    return at_work.image


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """Each instruction with its arguments, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", dockerfile.read_text())
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines)]


class _Build:
    """One method an instruction."""

    def __init__(self, context: Path, image: Image, python: str) -> None:
        self.image = image
        self._context = context
        self._python = python
        self._folder = "/"
        self._stages: list[str] = []
        self._copied: list[Path] = []

    def arg(self, _text: str) -> None:
        """Only the base image is an argument: here it is this machine."""

    def begin(self, text: str) -> None:
        base, _, name = text.partition(" AS ")
        assert base == "${BASE}", "a second base image would have to be tested too"
        self._stages.append(name)
        self._folder = "/"

    def workdir(self, path: str) -> None:
        self._folder = path
        self._here().mkdir(parents=True, exist_ok=True)

    def copy(self, text: str) -> None:
        *sources, target = shlex.split(text)
        if sources[0].startswith("--from="):
            assert sources == [f"--from={self._stages[0]}", target], "the test moves no folder between stages"
            self._copied.append(self._path(target))
            return
        for source in sources:
            self._copy(self._context / source, self._here() / target, into=target.endswith("/"))

    def run(self, command: str) -> None:
        moved = re.sub(r"(?<![\w/.-])python(?= -m)", self._python, self.image.moved(command))
        if os.geteuid() != 0:
            moved = re.sub(r" && chown .*", "", moved)  # it is nobody's already
        done = subprocess.run(
            ["/bin/sh", "-euc", moved],
            cwd=self._here(), capture_output=True, text=True, timeout=BUILD_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"RUN {command}\n{done.stdout}{done.stderr}"

    def env(self, text: str) -> None:
        base = text.replace("$PATH", os.defpath)
        self.image.environment |= dict(each.split("=", 1) for each in shlex.split(self.image.moved(base)))

    def user(self, user: str) -> None:
        self.image.user = user

    def entrypoint(self, text: str) -> None:
        self.image.entrypoint = json.loads(text)

    def cmd(self, text: str) -> None:
        self.image.command = json.loads(text)

    def finish(self) -> None:
        """Remove what only the first stage had."""
        first = [self._path("/src"), *self._path("/opt").iterdir()]
        for path in first:
            if path not in self._copied:
                shutil.rmtree(path)

    def _here(self) -> Path:
        return self._path(self._folder)

    def _path(self, path: str) -> Path:
        return self.image.root / path.lstrip("/")

    def _copy(self, source: Path, target: Path, *, into: bool) -> None:
        target = target / source.name if into else target
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
