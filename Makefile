# make setup     makes the environment .venv with all that the tests need
# make crawl     sets up, and rebuilds a small corpus from the bundled example against the bundled replica site
# make test      runs the tests
# make test-whole runs them with all rows of the matrices that make test takes some rows of
# make lint      runs formatter, linter and types, and checks spelling and words
# make docs      builds the docs as a site, in build/site
# make pictures  rebuilds the pictures of the docs from screenshots that tests keep in build/screenshots
# make fuzz      searches for inputs that break the dump reader, at random, for a minute (FUZZ_SECONDS=0: without end)
# make fuzz-fixed reads the inputs that earlier searches kept and 20,000 mutated seeds, the same ones each time
# make lock      writes the hashes of all dependencies to requirements/
# make soak      kills crawls of a faulty site for two minutes, and compares the results

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CORPUS ?= corpus

.PHONY: setup crawl test test-whole lint docs pictures fuzz fuzz-fixed soak lock clean

PIP_INSTALL := -m pip install -qq --disable-pip-version-check
DEVELOP := --group test --group scrapyd --group lint

# Each installed file must have one of the hashes that make lock wrote, except pip itself and build tools.
# The former name of the distribution is uninstalled, because it would stay in older environments.
$(VENV)/.installed: pyproject.toml constraints.txt requirements/develop.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP_INSTALL) --upgrade "pip>=25.1"
	$(BIN)/python $(PIP_INSTALL) --require-hashes --requirement requirements/develop.txt
	$(BIN)/python -m pip uninstall -qq --yes gleaner
	rm -rf gleaner.egg-info
	$(BIN)/python $(PIP_INSTALL) --constraint constraints.txt --editable ".[fast,harvest,redis,remote,warc]" $(DEVELOP)
	touch $@

# pywb and wacz need older versions of our dependencies; tests look for them in $(VENV)-archives.
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

test-whole: export GLEANER_TESTS_WHOLE := 1
test-whole: test

PROSE := crawler tests docs examples benchmarks .ci Makefile pyproject.toml mkdocs.yml $(wildcard *.md)

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/codespell $(PROSE)
	$(BIN)/python -m docs.words

docs: $(VENV)/.installed
	$(BIN)/python $(PIP_INSTALL) --require-hashes --requirement requirements/docs.txt
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/mkdocs build --quiet --strict

pictures: $(VENV)/.installed
	$(BIN)/python -m pytest --quiet tests/test_screenshots.py
	$(BIN)/python docs/pictures.py

# A coverage-guided search by atheris. What it keeps in build/fuzz helps the next search.
FUZZ_SECONDS ?= 60
ATHERIS := $(BIN)/python $(PIP_INSTALL) --require-hashes --requirement requirements/fuzz.txt
NO_ATHERIS := echo "no coverage-guided fuzzing: atheris is unavailable here"
fuzz: $(VENV)/.installed
	mkdir -p build/fuzz/found
	if $(ATHERIS); then $(BIN)/python -m tests.fuzz.fuzz_seeds -verbosity=0 -print_final_stats=1 \
	    -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/ build/fuzz/found tests/fuzz/corpus; \
	else $(NO_ATHERIS); fi

# CI's: neither chance nor the speed of the machine decides.
MUTANTS ?= 20000
fuzz-fixed: $(VENV)/.installed
	if $(ATHERIS); then $(BIN)/python -m tests.fuzz.fuzz_seeds -verbosity=0 -runs=0 tests/fuzz/corpus; \
	else $(NO_ATHERIS); fi
	$(BIN)/python -m tests.fuzz.mutate --seeds $(MUTANTS) --limit 30

# SOAK_WORKERS=2: two workers that share a frontier in Redis.
SOAK_SECONDS ?= 120
SOAK_WORKERS ?= 1
soak: $(VENV)/.installed
	$(BIN)/python -W ignore -m tests.soak --seconds $(SOAK_SECONDS) --workers $(SOAK_WORKERS)

# Run it when pyproject.toml or constraints*.txt change. It writes the hashes of all files of the pinned versions, for all
# platforms and versions of Python.
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate \
    --custom-compile-command "make lock"
lock:
	$(BIN)/python $(PIP_INSTALL) --constraint constraints.txt --group lock
	$(LOCK) --python-version 3.11 pyproject.toml --constraint constraints.txt --extra fast --extra harvest \
	    --extra redis --extra remote --extra warc $(DEVELOP) --output-file requirements/develop.txt
	$(LOCK) --python-version 3.11.5 --constraint constraints.txt --group docs --output-file requirements/docs.txt
	$(LOCK) --python-version 3.11 --constraint constraints.txt --group fuzz --output-file requirements/fuzz.txt
	$(LOCK) --python-version 3.11 --constraint constraints-archives.txt --group archives \
	    --output-file requirements/archives.txt

# The corpus is kept: it may have taken years.
clean:
	rm -rf $(VENV) $(VENV)-archives build .mypy_cache .pytest_cache .ruff_cache .hypothesis
