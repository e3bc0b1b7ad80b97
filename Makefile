# Every target makes the environment it needs, from Python 3.10 or newer with pip.
# Another interpreter: make test PYTHON=python3.12

PYTHON ?= python3
.DEFAULT_GOAL := help
.PHONY: help native nyse results test fuzz reliability interop interop-full test-oldest test-torch sanitize bench-smoke lint wheel wheel-pure docs docs-full docs-links clean

# Twice quiet: only errors are shown.
PIP := -m pip --disable-pip-version-check --quiet --quiet
# Tests run in two processes; more threads than cores make small nets many times slower.
# Some of them only: make test ARGS="-k lags".
PYTEST := -m pytest -n 2 $(ARGS)
test fuzz reliability interop interop-full test-oldest sanitize: export OMP_NUM_THREADS := 1

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

nyse: .venv/ready ## compare nets, lasso and autoregression on the bundled NYSE data
	.venv/bin/python -m benchmarks nyse $(ARGS)

results: .venv/ready ## run a benchmark and keep its results: make results NAME=nyse
	@test -n "$(NAME)" || { echo "Which benchmark? make results NAME=nyse; .venv/bin/python -m benchmarks --list names them."; exit 1; }
	.venv/bin/python -m benchmarks $(NAME) --keep $(ARGS)

test: .venv/installed ## run the tests and the doctests
	.venv/bin/python $(PYTEST)

fuzz: .venv/installed ## call every public name with inputs drawn at random: make fuzz N=30000
	.venv/bin/python -m tests.fuzz $(N) $(ARGS)

reliability: .venv/installed ## measure what docs/reliability.md promises, for some minutes
	.venv/bin/python -m tests.reliability $(ARGS)

interop: .venv-interop/installed ## run the tests of other packages that the extra interop names
	.venv-interop/bin/python $(PYTEST) --dist loadfile tests/interop

interop-full: .venv-interop-full/installed ## run the tests of other packages that are large, by hand
	SKLEARN_RNN_INTEROP=full .venv-interop-full/bin/python $(PYTEST) --dist loadfile tests/interop/full

native: .venv/installed ## compile the native kernels in place, after a change in sklearn_rnn/_modules/kernels
	.venv/bin/python hatch_build.py

test-torch: export SKLEARN_RNN_NATIVE := 0
test-torch: .venv/installed ## run the tests of modules and training without the native kernels
	.venv/bin/python $(PYTEST) tests/_modules tests/neural_network tests/forecasting/test_recursive.py tests/test_reference_fits.py

# First the sources alone, driven by a C program over odd sizes; vectors that the machine lacks are
# emulated. Then the tests of the kernels, in a copy of the package; gcc's runtime is loaded before
# Python, whose own leaks do not count. Memory after many calls is not looked at: the address
# sanitizer keeps what is freed.
DRIVES := $(foreach bits,32 64,$(foreach bytes,16 32 64,build/drive-$(bits)-$(bytes)))
sanitize: .venv/installed $(DRIVES) ## run the native kernels under the address and undefined-behaviour sanitizers
	rm -rf build/sanitized && mkdir build/sanitized && cp -r sklearn_rnn tests *.py pyproject.toml build/sanitized
	cd build/sanitized && $(CURDIR)/.venv/bin/python hatch_build.py -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
	cd build/sanitized && export PYTHONPATH=. ASAN_OPTIONS=detect_leaks=0 && \
	  export LD_PRELOAD="$(foreach name,asan ubsan,$(shell $(CC) -print-file-name=lib$(name).so))" && \
	  $(CURDIR)/.venv/bin/python -c "from sklearn_rnn._modules.kernels import loader as l; assert l.LIBRARY and 'sanitized' in str(l.FOLDER), l.STATUS" && \
	  $(CURDIR)/.venv/bin/python $(PYTEST) -k "not hundred_thousand" tests/_modules/kernels

build/drive-%: $(wildcard sklearn_rnn/_modules/kernels/*.[ch] tests/_modules/kernels/*.c)
	@mkdir -p build
	$(CC) -g -O1 -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wno-psabi -Wno-unused-function -Wno-missing-field-initializers \
	  -fsanitize=address,undefined -fno-sanitize-recover=all \
	  -DREAL_BITS=$(word 1,$(subst -, ,$*)) -DVECTOR_BYTES=$(word 2,$(subst -, ,$*)) -DVARIANT=sanitized \
	  -Isklearn_rnn/_modules/kernels $(filter-out %.h %/cpu_dispatch.c,$^) -lm -o $@
	$@

test-oldest: .venv-oldest/installed ## run the tests with the oldest versions that pyproject.toml admits
	.venv-oldest/bin/python $(PYTEST)

lint: .venv/installed ## check style and types
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

bench-smoke: .venv/installed ## run every benchmark at its smallest size
	.venv/bin/python -m benchmarks all --quick

wheel: .venv/installed ## build the wheel and load the bundled data from it
	rm -rf build dist
	.venv/bin/python $(PIP) wheel --no-deps --wheel-dir dist .
	.venv/bin/python $(PIP) install --no-deps --target build/wheel dist/*.whl
	cd build/wheel && ../../.venv/bin/python -c "import sklearn_rnn as s; from sklearn_rnn import datasets; assert s.__file__.startswith('$(CURDIR)/build/wheel'), s.__file__; print(s.__version__, datasets.load_nyse(as_frame=True).frame.shape)"

wheel-pure: .venv/installed ## build the wheel without a compiler and import it
	rm -rf build/pure
	CC=/nonexistent .venv/bin/python $(PIP) wheel --no-deps --wheel-dir build/pure .
	.venv/bin/python $(PIP) install --no-deps --target build/pure/wheel build/pure/*-none-any.whl
	cd build/pure/wheel && ../../../.venv/bin/python -c "import sklearn_rnn as s; assert s.__file__.startswith('$(CURDIR)/build/pure'), s.__file__; s.show_versions()" | grep "native kernels: none (not compiled: no C compiler"

docs: .venv/installed ## build the documentation with the gallery in build/docs
	.venv/bin/python -m sphinx -q -W --keep-going -c docs . build/docs
	@! grep -rnoE --include='*.html' '<(script|link|img|iframe)[^>]* (src|href)="(https?:)?//[^"]*' build/docs || \
	  { echo "These pages load files from other sites; give them with the pages."; exit 1; }

docs-full: export SKLEARN_RNN_DOCS := full
docs-full: docs ## the same, and run also the examples that download their data

docs-links: .venv/installed ## check the links to other sites
	.venv/bin/python -m sphinx -q -b linkcheck -c docs . build/links

clean: ## remove what the other targets made
	rm -rf .venv .venv-interop .venv-interop-full .venv-oldest .mypy_cache .pytest_cache .ruff_cache build dist docs/api docs/gallery

# Two stages, so that make nyse does not wait for tools that it does not need. torch goes first, in
# the version of constraints.txt; see there.
.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c "import sys; sys.exit('Python 3.10 or newer is needed: make PYTHON=...' if sys.version_info < (3, 10) else 0)"
	@echo "Making .venv with torch, scikit-learn, matplotlib and this package: one to three minutes."
	@$(PYTHON) -m venv .venv
	@.venv/bin/python $(PIP) install --constraint constraints.txt torch
	@.venv/bin/python $(PIP) install --constraint constraints.txt --editable ".[plot]"
	@touch $@

# The package is there already: this installs what the extra adds, and compiles nothing again.
.venv/installed: .venv/ready
	@echo "Adding the tools for tests, style, types and docs to .venv: about half a minute."
	@.venv/bin/python $(PIP) install --constraint constraints.txt "sklearn-rnn[dev]"
	@touch $@

# They see what .venv has, so that only the other packages and what these need are installed: half a
# minute for the first, some five for the second.
.venv-interop/installed: WHAT := --constraint constraints.txt "sklearn-rnn[interop]"
.venv-interop-full/installed: WHAT := --requirement tests/interop/full/requirements.txt
.venv-interop/installed .venv-interop-full/installed: .venv/installed tests/interop/full/requirements.txt
	@.venv/bin/python -m venv $(@D)
	@.venv/bin/python -c "$$ADD_SITE" $(@D)
	@$(@D)/bin/python $(PIP) install $(WHAT)
	@touch $@

define ADD_SITE
import sys
from pathlib import Path
from sysconfig import get_path
ours = Path(get_path("purelib"))
added = Path(sys.argv[1], ours.relative_to(sys.prefix), "of_venv.pth")
added.write_text(f"import site; site.addsitedir({str(ours)!r})")
endef
export ADD_SITE

# Prints the lower bounds of the package and of the extras that it is given, from the metadata, so
# that they are written once.
define LOWER_BOUNDS
import sys
from importlib.metadata import requires
from packaging.requirements import Requirement
for needed in map(Requirement, requires("sklearn-rnn")):
    if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in sys.argv[1:]):
        print(f"{needed.name}{needed.specifier}".replace(">=", "=="))
endef
export LOWER_BOUNDS

# The others are tools: docs, dev, and the peers of a benchmark.
OLDEST_EXTRAS := plot,bench,export,test
comma := ,

.venv-oldest/installed: .venv/installed
	$(PYTHON) -m venv .venv-oldest
	.venv/bin/python -c "$$LOWER_BOUNDS" $(subst $(comma), ,$(OLDEST_EXTRAS)) > .venv-oldest/bounds.txt
	.venv-oldest/bin/python $(PIP) install --constraint .venv-oldest/bounds.txt torch
	.venv-oldest/bin/python $(PIP) install --constraint .venv-oldest/bounds.txt --editable ".[$(OLDEST_EXTRAS)]"
	@touch $@
