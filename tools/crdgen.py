"""Writes `crds/*.yaml` from the types in `operator/steersman/core/api`: `python tools/crdgen.py`.

`tests/core/api/test_crd.py` fails where the files are not what this writes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
CRDS = ROOT / "crds"
HEADER = "# Generated from operator/steersman/core/api by tools/crdgen.py. Do not edit.\n"


class _Dumper(yaml.SafeDumper):
    """Quotes `y` and `n`, which kubectl's YAML 1.1 takes for booleans and PyYAML does not."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "'" if text.lower() in ("y", "n") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def render(crd: dict[str, Any]) -> str:
    """The text of one file."""
    return HEADER + yaml.dump(crd, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def main() -> None:
    """Write every CRD."""
    sys.path.insert(0, str(ROOT / "operator"))
    from steersman.core.api.crd import all_crds

    CRDS.mkdir(exist_ok=True)
    for name, crd in all_crds().items():
        (CRDS / name).write_text(render(crd), encoding="utf-8")


if __name__ == "__main__":
    main()
