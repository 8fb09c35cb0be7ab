# Everything a person needs; each target installs what it lacks. Needs only Python 3.11+ with pip.
PYTHON ?= python3
UV := .uv/bin/uv
RUN := $(UV) run --frozen --no-sync

.PHONY: run test build bench shots mutants lint install clean

run: build            ## start Holdfast on http://127.0.0.1:8000
	$(RUN) holdfast serve

test: build           ## everything: unit tests, the page in a real browser, the mutants
	$(RUN) python -m e2e.browser install
	$(RUN) pytest
	$(RUN) python -m mutants

build: install        ## make the static page in frontend/dist
	$(RUN) holdfast build

bench: build          ## measure; prints JSON
	$(UV) sync --frozen --quiet --group bench
	$(RUN) python -m e2e.browser install
	$(RUN) python -m e2e.bench

shots: build          ## screenshots into docs/shots
	$(RUN) python -m e2e.browser install
	$(RUN) python -m e2e.shots

mutants: install      ## break each law's guard on purpose and see its test go red
	$(RUN) python -m mutants

lint: install
	$(RUN) ruff check
	$(RUN) ruff format --check

install: $(UV)
	$(UV) sync --frozen --quiet

$(UV): pyproject.toml
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet uv==0.13.8
	touch $(UV)

clean:
	rm -rf .uv .venv frontend/node_modules frontend/.cache frontend/dist
