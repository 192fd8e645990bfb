# make crawl   sets up, and rebuilds a small corpus from the bundled example against the bundled replica site
# make test    runs the tests            make lint   runs formatter, linter and types
# make docs    builds the docs as a site, in build/site
# make pictures   makes the pictures of the docs anew, out of the screenshots that tests keep in build/screenshots
# make fuzz    gives the dump reader a minute of made-up attacks
# make soak    kills crawls of a site that misbehaves for two minutes, and compares what is left

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CORPUS ?= corpus

.PHONY: crawl test lint docs pictures fuzz soak clean

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt \
	    --editable ".[fast,harvest,warc]" --group test --group scrapyd --group lint
	touch $@

# pywb and its kin need older versions of what we use; tests look for them in $(VENV)-archives.
$(VENV)-archives/.installed: pyproject.toml constraints-archives.txt
	$(PYTHON) -m venv $(VENV)-archives
	$(VENV)-archives/bin/python -m pip install -qq --disable-pip-version-check --upgrade "pip>=25.1"
	$(VENV)-archives/bin/python -m pip install -qq --disable-pip-version-check \
	    --constraint constraints-archives.txt --group archives
	touch $@

crawl: $(VENV)/.installed
	$(BIN)/python examples/crawl.py --corpus $(CORPUS)

test: $(VENV)/.installed $(VENV)-archives/.installed
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(VENV)/.installed
	$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --group docs
	PYTHONPATH=. $(BIN)/mkdocs build --quiet --strict

pictures: $(VENV)/.installed
	$(BIN)/python -m pytest --quiet tests/test_screenshots.py
	$(BIN)/python docs/pictures.py

# The dump reader under coverage-guided fuzzing; passed over where atheris cannot be had.
FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.installed
	if $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --group fuzz; then \
	    $(BIN)/python -m tests.fuzz.fuzz_seeds -verbosity=0 -print_final_stats=1 -max_total_time=$(FUZZ_SECONDS) \
	        "$$(mktemp -d)" tests/fuzz/corpus; \
	else echo "no fuzzing: atheris cannot be had here"; fi

SOAK_SECONDS ?= 120
soak: $(VENV)/.installed
	$(BIN)/python -W ignore -m tests.soak --seconds $(SOAK_SECONDS)

clean:
	rm -rf $(VENV) $(VENV)-archives corpus .mypy_cache .pytest_cache .ruff_cache .hypothesis
