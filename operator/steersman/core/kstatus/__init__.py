"""kstatus: is a live object what was asked for, on its way, or failed? `compute.compute` is the way in.

Rules are those of sigs.k8s.io/cli-utils (pkg/kstatus/status). The planner's `core.plan.health` judges releases by it,
`core.plan.hooks` hooks.
"""
