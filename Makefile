# make crawl   sets up, and rebuilds a small corpus from the bundled example against the bundled replica site
# make test    runs the tests            make lint   runs formatter, linter and types
# make docs    builds the docs as a site, in build/site
# make pictures   makes the pictures of the docs anew, out of the screenshots that tests keep in build/screenshots
# make fuzz    gives the dump reader a minute of made-up attacks
# make lock    writes down the hashes of what is installed, in requirements/
# make soak    kills crawls of a site that misbehaves for two minutes, and compares what is left

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CORPUS ?= corpus

.PHONY: setup crawl test lint docs pictures fuzz soak lock clean

PIP_INSTALL := -m pip install -qq --disable-pip-version-check
DEVELOP := --group test --group scrapyd --group lint

# All that is installed, but pip itself and what builds packages, must have one of the hashes that make lock wrote down.
# The former name of the distribution is uninstalled: beside the present one it would stay in environments made before.
$(VENV)/.installed: pyproject.toml constraints.txt requirements/develop.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP_INSTALL) --upgrade "pip>=25.1"
	$(BIN)/python $(PIP_INSTALL) --require-hashes --requirement requirements/develop.txt
	$(BIN)/python -m pip uninstall -qq --yes gleaner
	rm -rf gleaner.egg-info
	$(BIN)/python $(PIP_INSTALL) --constraint constraints.txt --editable ".[fast,harvest,redis,warc]" $(DEVELOP)
	touch $@

# pywb and its kin need older versions of what we use; tests look for them in $(VENV)-archives.
$(VENV)-archives/.installed: pyproject.toml requirements/archives.txt
	$(PYTHON) -m venv $(VENV)-archives
	$(VENV)-archives/bin/python $(PIP_INSTALL) --upgrade "pip>=25.1"
	$(VENV)-archives/bin/python $(PIP_INSTALL) --require-hashes --requirement requirements/archives.txt
	touch $@

setup: $(VENV)/.installed

crawl: $(VENV)/.installed
	$(BIN)/python examples/crawl.py --corpus "$(CORPUS)"

test: $(VENV)/.installed $(VENV)-archives/.installed
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(VENV)/.installed
	$(BIN)/python $(PIP_INSTALL) --require-hashes --requirement requirements/docs.txt
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/mkdocs build --quiet --strict

pictures: $(VENV)/.installed
	$(BIN)/python -m pytest --quiet tests/test_screenshots.py
	$(BIN)/python docs/pictures.py

# The dump reader under coverage-guided fuzzing; passed over where atheris cannot be had.
FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.installed
	if $(BIN)/python $(PIP_INSTALL) --require-hashes --requirement requirements/fuzz.txt; then \
	    $(BIN)/python -m tests.fuzz.fuzz_seeds -verbosity=0 -print_final_stats=1 -max_total_time=$(FUZZ_SECONDS) \
	        "$$(mktemp -d)" tests/fuzz/corpus; \
	else echo "no fuzzing: atheris cannot be had here"; fi

# SOAK_WORKERS=2: two that share a frontier, in a Redis.
SOAK_SECONDS ?= 120
SOAK_WORKERS ?= 1
soak: $(VENV)/.installed
	$(BIN)/python -W ignore -m tests.soak --seconds $(SOAK_SECONDS) --workers $(SOAK_WORKERS)

# To be made when pyproject.toml or constraints*.txt change: the hashes of all files of the versions pinned there, for
# all platforms and versions of Python.
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate \
    --custom-compile-command "make lock"
lock:
	$(BIN)/python $(PIP_INSTALL) --constraint constraints.txt --group lock
	$(LOCK) --python-version 3.11 pyproject.toml --constraint constraints.txt --extra fast --extra harvest \
	    --extra redis --extra warc $(DEVELOP) --output-file requirements/develop.txt
	$(LOCK) --python-version 3.11.5 --constraint constraints.txt --group docs --output-file requirements/docs.txt
	$(LOCK) --python-version 3.11 --constraint constraints.txt --group fuzz --output-file requirements/fuzz.txt
	$(LOCK) --python-version 3.11 --constraint constraints-archives.txt --group archives \
	    --output-file requirements/archives.txt

# Never the corpus: it may be one that took years.
clean:
	rm -rf $(VENV) $(VENV)-archives build .mypy_cache .pytest_cache .ruff_cache .hypothesis
