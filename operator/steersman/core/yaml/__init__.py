"""YAML in and out exactly as Helm's libraries do it (sigs.k8s.io/yaml over go-yaml v2; go-yaml v3 for toYamlPretty).

Reading: `reader` (entry) → `direct` (the short way, for most documents), else `nodes` (text → tree) → `decode` (tree →
values); scalars by `scalars` and `tags`.
Writing: `writer` (entry) → `style` (how a scalar looks) and `order` (of keys). Pure; called by charts, values,
templates and manifests.
"""

from steersman.core.yaml.errors import YAMLError
from steersman.core.yaml.reader import load, load_exact, load_list, load_map, load_strict
from steersman.core.yaml.writer import dump, dump_pretty

__all__ = ["YAMLError", "dump", "dump_pretty", "load", "load_exact", "load_list", "load_map", "load_strict"]
