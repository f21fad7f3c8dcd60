# Set-up, demo, tests, checks and benchmarks. On a fresh Debian machine `make demo` and `make test` need nothing else.
.DEFAULT_GOAL := help
PY := .venv/bin/python
DONE := .venv/.complete
unexport PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED

.PHONY: help setup demo test check bench sweep site format lock kernels clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' Makefile | expand -t 12

setup: $(DONE) ## make .venv from the lock file; .venv/bin/lkm is then there

$(DONE): requirements.lock pyproject.toml scripts/debian-packages
	scripts/debian-packages setup
	rm -rf .venv
	$$(scripts/debian-packages python) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(PY) -m pip uninstall --quiet --yes setuptools
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(PY) -m compileall -q src
	touch $@

demo: setup ## a module's life in a real, throwaway kernel
	@scripts/debian-packages demo
	@$(PY) scripts/demo.py

kernels: setup ## fetch what the tests compare with: kmod, lab kernels, Debian's kernel package
	scripts/debian-packages test
	.venv/bin/lkm lab fetch >/dev/null

test: kernels ## all tests, lab and oracle tests included
	$(PY) -m pytest -n 2 -m "not sweep"

sweep: kernels ## the long sweeps: every module in the real kernel, thousands of drawn inputs
	LKM_SWEEP=1 $(PY) -m pytest -n 2 -m "sweep"

check: setup ## lint, types, layers
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports

bench: kernels ## ratios against kmod, measured side by side
	$(PY) -m compileall -q src
	$(PY) -m scripts.bench

site: setup ## the documentation as a web site, in build/site
	.venv/bin/zensical build --strict --clean --config-file mkdocs.yml

format: setup ## let ruff lay out the code
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

lock: setup ## make requirements.lock anew from pyproject.toml
	.venv/bin/uv pip compile --universal --generate-hashes --python-version 3.11 --no-header \
		--default-index https://pypi.org/simple --extra dev pyproject.toml -o requirements.lock

clean: ## remove .venv and caches
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
