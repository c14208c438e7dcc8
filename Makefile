# Every target sets up what it needs by itself, in .venv. PYTHON=... names the interpreter.
export PYTHON
BIN := .venv/bin

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: rehearse
rehearse: set-up ## run the whole book on the twin, a rehearsal cluster on this machine
	@$(BIN)/runbook rehearse

.PHONY: test
test: set-up-dev ## run the tests
	@$(BIN)/python -m pytest -n auto --dist worksteal -q -rs --durations 15

.PHONY: browser
browser: set-up-dev ## JupyterLab and the records in a real browser; needs chromium (apt install chromium)
	@command -v chromium >/dev/null || { echo "chromium is needed (Debian, Ubuntu: apt install chromium); playwright is in .venv already" >&2; exit 2; }
	@$(BIN)/python -m pytest -m browser tests/browser -n 2 --dist loadfile -q --durations 5

.PHONY: lab
lab: set-up-dev ## the runbooks against real engines in namespaces of this machine; as root, on Linux
	@$(BIN)/python -m pytest -m lab tests/lab/test_lab.py tests/lab/test_same_book.py tests/lab/test_walk.py -q

.PHONY: lab-proof
lab-proof: set-up-dev ## the lab's long tests: three random walks of 50 acts, fifteen measured failovers; 30 minutes
	@$(BIN)/python -m pytest -m lab tests/lab/test_walk.py tests/lab/test_meter.py -q --acts 50 --seeds 1,2,3 --rounds 3

.PHONY: lint
lint: set-up-dev ## ruff over code and notebooks, and the hygiene of notebooks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/nbstripout --verify --keep-id --extra-keys "metadata.papermill cell.metadata.papermill" runbooks/*.ipynb

.PHONY: types
types: set-up-dev ## mypy --strict over lib
	@$(BIN)/mypy --strict lib

.PHONY: bench
bench: set-up-dev ## paired benchmarks: ratios against named peers
	@$(BIN)/python -m benchmarks

.PHONY: lock
lock: set-up-dev ## renew requirements.txt and requirements-dev.txt from pyproject's bounds
	@$(BIN)/python -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate pyproject.toml -o requirements.txt
	@$(BIN)/python -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

.PHONY: clean
clean: ## remove .venv, caches and the twin; records stay
	@test ! -x $(BIN)/runbook || $(BIN)/runbook twin down >/dev/null 2>&1 || true
	@rm -rf .venv .twin build .pytest_cache .mypy_cache .ruff_cache .hypothesis lib/*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: set-up
set-up:
	@scripts/set-up

.PHONY: set-up-dev
set-up-dev:
	@scripts/set-up dev
