# The whole of Hutong by name. Everything below sets itself up first; nothing needs root, a database or Docker.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-training up down demo test check bench bench-linkage lock migration contracts compose-test clean

HUTONG := .venv/bin/hutong

##@ Run
demo: setup ## two hubs, six departments each, 2,000 children: pushed, resolved, reported
	@$(HUTONG) demo
up: setup ## start one hub; it keeps its state in .state/
	@$(HUTONG) up
down: ## stop that hub
	@[ ! -x $(HUTONG) ] || $(HUTONG) down

##@ Change
setup: ## make .venv from requirements.lock (instant when nothing changed)
	@tools/setup
setup-training: ## make .venv with Splink, DuckDB and Spark as well: to train linkage models and measure peers
	@tools/setup training
test: setup ## run the tests, as many at once as there are cores, each on a PostgreSQL of its own; T=path or T="path -k word"
	@.venv/bin/python -m pytest $(if $(T),$(T),-q --numprocesses auto --dist loadfile)
check: setup ## all that CI asks: lint, types, imports, migrations, contracts, lock, manifests
	@tools/check
migration: setup ## write the migration that models ask for: S=registry M="what changes"
	@$(HUTONG) migrations new $(or $(S),$(error S=registry, matching or notifications)) "$(or $(M),$(error M="what changes"))"
contracts: setup ## write the OpenAPI snapshots anew
	@$(HUTONG) contracts
lock: setup ## renew both locks from pyproject.toml; UPGRADE=1 takes the newest of everything
	@tools/lock $(if $(UPGRADE),--upgrade)

##@ Prove
bench: setup ## measure throughput, and this machine's limits beside it
	@$(HUTONG) bench
bench-linkage: setup-training ## linkage quality and speed beside its peers: CHILDREN=20000 DIRT=1, or CORPUS=folder
	@$(HUTONG) linkage bench $(if $(CORPUS),--corpus $(CORPUS),--children $(or $(CHILDREN),20000) --dirt $(or $(DIRT),1))
compose-test: ## bring the containers up, run the smoke story, tear down
	@deploy/compose-test

##@ Tidy
clean: down ## delete .venv, caches and all state, databases included
	@tools/clean

help:
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
