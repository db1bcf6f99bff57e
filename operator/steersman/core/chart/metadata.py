"""What Chart.yaml says, once it is read (`chartfile`), and as Helm's release records hold it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

API_V3: Final = "v3"


class Maintainer(NamedTuple):
    """One entry of `maintainers`."""

    name: str = ""
    email: str = ""
    url: str = ""


class Dependency(NamedTuple):
    """One entry of `dependencies`. `import_values` holds strings and `{child, parent}` maps, as written."""

    name: str = ""
    version: str = ""
    repository: str = ""
    condition: str = ""
    tags: tuple[str, ...] = ()
    enabled: bool = False
    import_values: tuple[Any, ...] = ()
    alias: str = ""

    @property
    def key(self) -> str:
        """The name under which the parent knows it: its values section, its place in template paths."""
        return self.alias or self.name


class Metadata(NamedTuple):
    """Chart.yaml. `dependencies` is None where the file lists none: Helm then looks no deeper into `charts/`."""

    name: str = ""
    home: str = ""
    sources: tuple[str, ...] = ()
    version: str = ""
    description: str = ""
    keywords: tuple[str, ...] = ()
    maintainers: tuple[Maintainer, ...] = ()
    icon: str = ""
    api_version: str = ""
    condition: str = ""
    tags: str = ""
    app_version: str = ""
    deprecated: bool = False
    annotations: dict[str, str] | None = None
    kube_version: str = ""
    dependencies: tuple[Dependency, ...] | None = None
    type: str = ""

    def as_json(self) -> dict[str, Any]:
        """The JSON of a release record: Go's field order, empty fields left out."""
        dependencies = [dependency_json(dependency) for dependency in self.dependencies or ()]
        maintainers = [_maintainer_json(maintainer) for maintainer in self.maintainers]
        return _without_empty(
            {
                "name": self.name,
                "home": self.home,
                "sources": list(self.sources),
                "version": self.version,
                "description": self.description,
                "keywords": list(self.keywords),
                "maintainers": maintainers,
                "icon": self.icon,
                "apiVersion": self.api_version,
                "condition": self.condition,
                "tags": self.tags,
                "appVersion": self.app_version,
                "deprecated": self.deprecated,
                "annotations": self.annotations,
                "kubeVersion": self.kube_version,
                "dependencies": dependencies,
                "type": self.type,
            }
        )


def _maintainer_json(maintainer: Maintainer) -> dict[str, Any]:
    return _without_empty({"name": maintainer.name, "email": maintainer.email, "url": maintainer.url})


def dependency_json(dependency: Dependency) -> dict[str, Any]:
    """One entry, with the fields in Go's order and the empty ones left out (name and repository never are)."""
    optional = {
        "condition": dependency.condition,
        "tags": list(dependency.tags),
        "enabled": dependency.enabled,
        "import-values": list(dependency.import_values),
        "alias": dependency.alias,
    }
    version = {"version": dependency.version} if dependency.version else {}
    return {"name": dependency.name, **version, "repository": dependency.repository, **_without_empty(optional)}


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}
