"""A hub beside machinery that is not ours: an external PostgreSQL, containers, a Kubernetes cluster."""
