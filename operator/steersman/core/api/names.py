"""Names that users and other tools see: API group, kinds, finalizer, labels, annotations, field managers.

One place for each, used by the schema, the planner, the actions and the storage. The names are those of the project's
documentation; changing one changes the API.
"""

from __future__ import annotations

from typing import Final

GROUP: Final = "steersman.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"

HELM_RELEASE: Final = "HelmRelease"
HELM_RELEASES: Final = "helmreleases"
RELEASE_INVENTORY: Final = "ReleaseInventory"
RELEASE_INVENTORIES: Final = "releaseinventories"
CHART_REPOSITORY: Final = "ChartRepository"
CHART_REPOSITORIES: Final = "chartrepositories"

FINALIZER: Final = f"{GROUP}/release"
"""On every HelmRelease from before its first write until its release is gone, and on every ReleaseInventory."""

MANAGER_OBJECTS: Final = "steersman"
"""Field manager of everything a release renders, hooks too."""
MANAGER_OWN: Final = "steersman-status"
"""Field manager of our own objects: status of HelmReleases, ReleaseInventories, release records."""

LABEL_NAME: Final = f"{GROUP}/name"
"""The HelmRelease's name, on everything we apply and on inventory pages."""
LABEL_NAMESPACE: Final = f"{GROUP}/namespace"
"""The HelmRelease's namespace, on everything we apply."""
LABEL_RELEASE_UID: Final = f"{GROUP}/release-uid"
"""On a release record: the uid of the HelmRelease that wrote it."""
LABEL_RECORD_REVISION: Final = f"{GROUP}/record-revision"
"""On a release record: the revision it was written for. Helm copies a release's labels to the revisions it makes
itself, so the uid alone does not tell whose a record is; with this label a copy shows, its version being another."""
LABEL_INPUT: Final = f"{GROUP}/input"
"""On a release record: keyed digest of the chart digest and the values it was made from. Another input is what makes
a new revision."""
LABEL_PAGE: Final = f"{GROUP}/inventory-page"
"""On a ReleaseInventory: its page number."""

ANNOTATION_RECONCILE_AT: Final = f"{GROUP}/reconcile-at"
"""On a HelmRelease or ChartRepository: a new value asks for a reconcile now."""
ANNOTATION_FORCE_AT: Final = f"{GROUP}/force-at"
"""On a HelmRelease: a new value asks for an upgrade now, though nothing changed."""
ANNOTATION_RESET_AT: Final = f"{GROUP}/reset-at"
"""On a HelmRelease: a new value forgets failures and their backoff, and tries again now."""

ANNOTATION_HOOK_RUN: Final = f"{GROUP}/hook-run"
"""On a hook's object: `<uid>/<revision>/<event>` of the run that made it. No label: their values allow no `/`."""

ANNOTATION_PRUNE: Final = f"{GROUP}/prune"
"""On a managed object: `disabled` keeps it when its manifest goes."""
ANNOTATION_DRIFT: Final = f"{GROUP}/drift"
"""On a managed object: `ignore` leaves foreign changes to it alone."""
ANNOTATION_RECREATE: Final = f"{GROUP}/recreate"
"""On a managed object: `allowed` permits deleting and creating it anew where a field cannot be changed."""
