"""The loop: kopf's events → work queue → observe, determine, decide, run, report. Start reading in `reconcile`."""
