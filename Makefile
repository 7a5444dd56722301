# Two commands for a start: `make up` and `make test`.
SHELL := /bin/bash
STACK ?= dev
PYTHON := .venv/bin/python
INSTALLED := .venv/.installed
LINT := $(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check . && .venv/bin/basedpyright
LOCK := $(PYTHON) -m uv pip compile --quiet --system-certs --universal --python-version 3.11 --no-header

# Outages on one rehearsal, one after another; what puts up another one is tested beside them.
PLAYED := tests/rehearsal/test_drills_played.py

PROOF := --every-proof -m "cluster and not long"
# The longer half of what real proxies and the cluster's API judge.
ROLLED := tests/rehearsal/test_cluster_rolls.py tests/rehearsal/test_cluster.py

# What plays the rehearsal's own parts and the pipelines' steps waits more than it works.
PARTS := tests/rehearsal tests/pipeline
# Where everything is that starts a rehearsal or a cluster: to look everywhere takes a while.
PLAYS := tests/rehearsal

# What a shell runs beside something hears no Ctrl-C: it is told to end, and waited for while it
# stops its rehearsal.
BESIDE := mkdir -p build; \
	end() { trap "" INT TERM HUP; kill $$(jobs -p); wait; exit $$1; }; \
	trap 'end 130' INT TERM HUP;

# A shell completes the arguments of a program, and `python -m rehearsal` is none.
LAUNCHER := printf '\#!/bin/sh\nPYTHONPATH="%s" exec "%s" -m rehearsal "$$@"\n' "$(CURDIR)" "$(CURDIR)/$(PYTHON)"

# Or each of hundreds of programs would compile the project anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install packages up down status vacant unit test proofs proof lint drills timeline pictures bench variants policy schema aws roles objectives mesh comments locked

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

install: $(INSTALLED) ## install Python packages into .venv

# One at a time, whoever asks.
$(INSTALLED): requirements.txt requirements-dev.txt
	@echo "installing Python packages into .venv"
	@mkdir -p .venv
	@flock .venv $(MAKE) --no-print-directory packages

# Without the mark of a whole install, what is there is what an interruption left of one: it goes.
# Compiled at once: where Python may not write bytecode, each start would compile the SDKs anew.
packages:
	@test -e $(INSTALLED) || python3 -m venv --clear .venv
	@trap 'rm -f $(INSTALLED); exit 130' INT TERM HUP; \
	$(PYTHON) -m pip install --quiet --disable-pip-version-check uv==0.13.9 && \
	$(PYTHON) -m uv pip install --quiet --system-certs --compile-bytecode --python $(PYTHON) -r requirements.txt -r requirements-dev.txt
	@$(LAUNCHER) > .venv/bin/rehearsal && chmod +x .venv/bin/rehearsal
	@touch $(INSTALLED)

up: ## install what is missing, rehearse STACK on this machine, play endpoint-down
	@echo "This rehearses stack $(STACK) on this machine: it deploys nothing and reads no AWS credentials."
	@$(MAKE) --no-print-directory --silent $(INSTALLED)
	@$(PYTHON) -m rehearsal up --stack $(STACK)
	@$(PYTHON) -m rehearsal drill endpoint-down
	@$(PYTHON) -m rehearsal status | tail -1

down: ## stop the rehearsal: no process and no port is left
	@test ! -e $(INSTALLED) || $(PYTHON) -m rehearsal down

status: ## what runs, and where to look
	@if [ -e $(INSTALLED) ]; then $(PYTHON) -m rehearsal status; else echo "nothing is up"; fi

unit: $(INSTALLED) ## tests/unit: no rehearsal is started
	@$(PYTHON) -m pytest tests/unit

lint: $(INSTALLED) ## types and style
	@$(LINT)

# Drills would find their addresses taken and fail, every one of them, after minutes.
vacant: $(INSTALLED)
	@$(PYTHON) -m rehearsal.machine.vacant
	@GALLERY_NETWORK=1 $(PYTHON) -m rehearsal.machine.vacant

test: $(INSTALLED) vacant ## every test this machine can run, but for variants and proof
	@# Where a program cannot be had (1), the tests that need it are skipped and say so.
	@$(PYTHON) -m rehearsal tools || test $$? -eq 1
	@$(LINT)
	@# Outages mostly wait, and are judged by the second: all the others run beside them with what
	@# they leave of the processors, last the proofs of the rules, and a cluster after them: it has
	@# deadlines of its own. A machine that others use too lets a probe time out, which is an outage.
	@$(BESIDE) \
	$(PYTHON) -m pytest -m drill $(PLAYED) > build/test-drills.log 2>&1 & drills=$$!; \
	GALLERY_NETWORK=1 $(PYTHON) -m pytest -m drill $(PLAYS) --ignore $(PLAYED) > build/test-rehearsal.log 2>&1 & \
	rehearsal=$$!; \
	{ tail -f --pid $$drills /dev/null; \
	  exec nice -n 5 $(PYTHON) -m pytest -m cluster $(PLAYS) > build/test-cluster.log 2>&1; } & \
	cluster=$$!; \
	nice -n 19 $(PYTHON) -m pytest -m "not variant" tests/rules > build/test-rules.log 2>&1 & rules=$$!; \
	nice -n 15 $(PYTHON) -m pytest -m "not drill and not cluster" $(PARTS) > build/test-parts.log 2>&1 & \
	parts=$$!; \
	nice -n 15 $(PYTHON) -m pytest -m "not drill and not cluster" $(foreach part,$(PARTS) tests/rules,--ignore $(part)) | \
	  tee -i build/test.log; \
	failed=$${PIPESTATUS[0]}; \
	for part in parts cluster rules rehearsal drills; do \
	  tail -f -n +1 --pid $${!part} build/test-$$part.log; \
	  wait $${!part} || failed=1; \
	done; \
	echo "skipped, and why:"; \
	grep -h ^SKIPPED build/test*.log || echo "nothing"; \
	exit $$failed

variants: $(INSTALLED) ## change each alert, and what it is told of, and judge it again
	@$(PYTHON) -m rehearsal tools
	@nice -n 19 $(PYTHON) -m pytest -m variant tests/rules

proofs: $(INSTALLED) ## judge every proof of the alerts, of which variants takes a share
	@$(PYTHON) -m rehearsal tools
	@$(PYTHON) -m pytest --every-proof tests/rules
	@$(PYTHON) -m pytest --every-proof -m long
	@$(PYTHON) -m pytest --every-proof tests/engine/test_interrupted.py

proof: $(INSTALLED) vacant ## build a cluster and a mesh once, for minutes, and let them judge
	@$(PYTHON) -m rehearsal tools --mesh
	@$(BESIDE) \
	GALLERY_NETWORK=1 $(PYTHON) -m pytest $(PROOF) $(ROLLED) > build/proof-rolled.log 2>&1 & rolled=$$!; \
	$(PYTHON) -m pytest $(PROOF) $(foreach file,$(ROLLED),--ignore $(file)) | tee -i build/proof.log; \
	failed=$${PIPESTATUS[0]}; \
	tail -f -n +1 --pid $$rolled build/proof-rolled.log; \
	wait $$rolled || failed=1; \
	exit $$failed

drills: $(INSTALLED) ## play every outage, one after another
	@$(PYTHON) -m rehearsal up --stack $(STACK)
	@$(PYTHON) -m rehearsal drill all; played=$$?; $(PYTHON) -m rehearsal down; exit $$played

timeline: $(INSTALLED) ## play endpoint-down on dev and put its timeline into README.md
	@$(PYTHON) -m rehearsal.readme

pictures: $(INSTALLED) ## play endpoint-down and host-traffic on dev, draw docs/pictures
	@$(PYTHON) -m rehearsal.wall.pictures

bench: $(INSTALLED) ## measure; writes build/bench.json
	@$(PYTHON) -m rehearsal.bench

policy: policy/.venv/.installed ## install what the policy pack needs, apart from everything else

# Its SDK wants an older protobuf than the program.
policy/.venv/.installed: policy/requirements.txt
	@python3 -m venv --clear policy/.venv
	@policy/.venv/bin/python -m pip install --quiet --disable-pip-version-check -r policy/requirements.txt
	@touch policy/.venv/.installed

schema: $(INSTALLED) ## write stacks/schema.json, which editors read
	@$(PYTHON) -m gallery.stack_file.schema > stacks/schema.json.new && mv stacks/schema.json.new stacks/schema.json

aws: $(INSTALLED) ## write down which regions and instance types AWS has
	@$(PYTHON) -m offline.aws_names > gallery/stack_file/aws_data.py.new && mv gallery/stack_file/aws_data.py.new gallery/stack_file/aws_data.py

roles: $(INSTALLED) ## write docs/roles.md
	@$(PYTHON) -m gallery.render.roles > docs/roles.md.new && mv docs/roles.md.new docs/roles.md

objectives: $(INSTALLED) ## write docs/objectives.md
	@$(PYTHON) -m gallery.render.objectives > docs/objectives.md.new && mv docs/objectives.md.new docs/objectives.md

mesh: $(INSTALLED) ## write docs/mesh.md
	@$(PYTHON) -m gallery.render.mesh_page > docs/mesh.md.new && mv docs/mesh.md.new docs/mesh.md

comments: $(INSTALLED) ## write what a reviewer would read of twenty changes, tests/rehearsal/comments
	@$(PYTHON) -m tests.rehearsal.comments

locked: $(INSTALLED) ## resolve requirements.txt and requirements-dev.txt anew from pyproject.toml
	@$(LOCK) pyproject.toml -o requirements.txt
	@$(LOCK) --group dev -c requirements.txt -o requirements-dev.txt
