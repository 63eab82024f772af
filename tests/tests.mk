# Tests: included by the Makefile. tests/README.md says how to add one of each kind.

# Tests lie beside the command, so that they find what it finds (the jit).
TEST_LINK = $(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(BUILD)/libraspc-core.a $(LIBS)

# --- unit tests: every tests/unit/test_NAME.c defines `Suite *NAME_suite(void)` --------------------

UNIT_SRC = $(sort $(wildcard tests/unit/*.c))
UNIT_OBJ = $(UNIT_SRC:%.c=$(BUILD)/%.o)
UNIT_SUITES = $(patsubst tests/unit/test_%.c,%,$(filter tests/unit/test_%,$(UNIT_SRC)))

# Written anew when the list of suites changes.
$(BUILD)/tests/unit/suites.def: force
	@mkdir -p $(@D)
	@printf 'SUITE(%s)\n' $(UNIT_SUITES) >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(UNIT_OBJ): | $(BUILD)/tests/unit/suites.def $(BUILD)/grammar/rasp.tab.h
$(UNIT_OBJ): CFLAGS_ALL += $(shell pkg-config --cflags check 2>/dev/null)
$(BUILD)/tests/unit/main.o: $(BUILD)/tests/unit/suites.def

$(BUILD)/test-unit: $(UNIT_OBJ) $(BUILD)/libraspc-core.a
	$(TEST_LINK) $(shell pkg-config --libs check 2>/dev/null || echo -lcheck)

# --- libraspc, as other programs see it: nothing but its header and the shared library --------------

API_TEST_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/api/*.c)))
$(API_TEST_OBJ): CFLAGS_ALL += $(shell pkg-config --cflags check 2>/dev/null)
$(BUILD)/test-api: $(API_TEST_OBJ) $(BUILD)/libraspc.so
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(API_TEST_OBJ) -L$(BUILD) -lraspc -Wl,-rpath,'$$ORIGIN' \
	    $(shell pkg-config --libs check 2>/dev/null || echo -lcheck) -lpthread

# --- conformance: the reference's cases against sessions -----------------------------------------------

CONFORMANCE_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/conformance/*.c)))
$(CONFORMANCE_OBJ): | $(BUILD)/grammar/rasp.tab.h

$(BUILD)/test-conformance: $(CONFORMANCE_OBJ) $(BUILD)/libraspc-core.a
	$(TEST_LINK)

# --- fuzz targets: tests/fuzz/fuzz_NAME.c; what they once found is replayed by every `make check` ------

FUZZ_TARGETS = $(sort $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_COMMON  = $(BUILD)/tests/fuzz/fuzz.o $(BUILD)/tests/fuzz/text_form.o
REPLAYS      = $(FUZZ_TARGETS:%=$(BUILD)/replay-%)
FUZZERS      = $(FUZZ_TARGETS:%=$(BUILD)/fuzz-%)

$(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/fuzz_%.o): | $(BUILD)/grammar/rasp.tab.h

$(REPLAYS): $(BUILD)/replay-%: $(BUILD)/tests/fuzz/replay.o $(BUILD)/tests/fuzz/fuzz_%.o $(FUZZ_COMMON) \
            $(BUILD)/libraspc-core.a
	$(TEST_LINK)

$(FUZZERS): $(BUILD)/fuzz-%: $(BUILD)/tests/fuzz/fuzz_%.o $(FUZZ_COMMON) $(BUILD)/libraspc-core.a
	$(TEST_LINK) -fsanitize=fuzzer

FUZZ_SECONDS ?= 60
FUZZ = BUILD=$(BUILD)-fuzz CC=clang-19 CFLAGS='-O1 -g -fno-omit-frame-pointer' \
       CPPFLAGS=-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION \
       SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function -fno-sanitize-recover=undefined'

.PHONY: fuzz fuzzers
fuzz: ## run every fuzz target for FUZZ_SECONDS (default 60); FUZZ_TARGETS=... chooses
	@$(MAKE) --no-print-directory $(FUZZ) fuzzers
	@BUILD=$(BUILD)-fuzz tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ_TARGETS)
fuzzers: $(FUZZERS) $(BUILD)/test-conformance

# --- random programs: eval against the other engines --------------------------------------------------

RANDOM_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/random/*.c)))
$(RANDOM_OBJ): | $(BUILD)/grammar/rasp.tab.h

# The engines are the driver's, all of it but its main.
TEST_DRIVER_OBJ = $(filter-out $(BUILD)/compiler/driver/main.o,$(DRIVER_OBJ))
$(BUILD)/test-random: $(RANDOM_OBJ) $(TEST_DRIVER_OBJ) $(BUILD)/libraspc-core.a
	$(TEST_LINK) $(LIBS_REPL)

# --- what other compilers get wrong: they share the judge of random programs ---------------------------

PEERS_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/peers/*.c))) \
            $(BUILD)/tests/random/judge.o $(BUILD)/tests/random/promises.o \
            $(BUILD)/tests/conformance/json.o
$(PEERS_OBJ): | $(BUILD)/grammar/rasp.tab.h
$(BUILD)/test-peers: $(PEERS_OBJ) $(TEST_DRIVER_OBJ) $(BUILD)/libraspc-core.a
	$(TEST_LINK) $(LIBS_REPL)

RANDOM_COUNT ?= 300
RANDOM_SEED  ?= 1
RANDOM_SIZE  ?= 6
RANDOM_JOBS  ?= $(shell nproc)

# --- exported files, read by the tools of others -------------------------------------------------------------

# Shared by all builds. Their versions are pinned; pip asks the index that it is configured for.
VENV ?= build/venv
VENV_TORCH ?= build/venv-torch
PYTHON ?= python3

.PHONY: venv venv-torch
venv: $(VENV)/made ## the virtual environment that reads exported files (ONNX Runtime, numpy, ...)
	@:
venv-torch: $(VENV_TORCH)/made
	@:
$(VENV)/made: tests/export/requirements.txt
$(VENV_TORCH)/made: tests/export/requirements.txt tests/export/requirements-torch.txt
$(VENV)/made $(VENV_TORCH)/made:
	@tools/install-deps --optional $(DEPS_TEST)
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check $(^:%=-r %)
	@touch $@

.PHONY: check-torch
check-torch: all venv-torch $(BUILD)/test-random ## read exported files with PyTorch, transformers and TransformerLens (large)
	@VENV=$(VENV_TORCH) $(RUN_PARTS) torch 'tests/export/run torch torch_real'

# --- the parts of the suite: each reports in TAP, tests/run adds up ---------------------------------

TEST_PROGRAMS = $(BUILD)/test-unit $(BUILD)/test-api $(BUILD)/test-conformance $(BUILD)/test-random $(BUILD)/test-peers $(REPLAYS)

conformance = $(BUILD)/test-conformance $(1) tests/conformance/$(1).jsonl $(2:%=tests/conformance/%)

# On a busy machine a test that hangs and one that waits look alike for long.
PART_unit    = CK_DEFAULT_TIMEOUT=60 $(BUILD)/test-unit
PART_api     = $(BUILD)/test-api
PART_values  = $(call conformance,values)
PART_errors  = $(call conformance,errors,accepted.txt)
PART_analyse = $(call conformance,analyse,fewer.txt)
PART_repl    = $(call conformance,repl)
PART_shown   = $(BUILD)/test-conformance shown tests/conformance/values.jsonl tests/conformance/shown.txt
PART_programs = tests/check-programs
PART_batches = tests/batches
PART_golden  = tests/golden/run $(if $(UPDATE),--update)
PART_explanations = tests/explanations
PART_limits  = tests/limits/run
PART_native  = tests/native/run
PART_replay  = tests/fuzz/replay-all
PART_docs    = VENV=$(VENV) tests/docs/run
PART_tracr   = $(BUILD)/test-peers tracr tests/conformance/tracr.jsonl tests/tracr tests/tracr/refused.txt
PART_peers   = $(BUILD)/test-peers failures tests/peers/refused.txt $(sort $(wildcard tests/peers/*.rasp))
PART_harness = $(BUILD)/test-random --self
PART_random  = $(BUILD)/test-random $(RANDOM_SEED) $(RANDOM_COUNT) --size $(RANDOM_SIZE) --jobs $(RANDOM_JOBS)
PART_exhaustive = tests/exhaustive/run
PART_found   = $(BUILD)/test-random --replay --strict $(sort $(wildcard tests/random/found/*.rasp tests/random/found/open/*.rasp))
PART_export  = VENV=$(VENV) tests/export/run onnx real weights directory transformer_lens float64
PART_masks   = VENV=$(VENV) tests/export/run causal
PART_exact   = VENV=$(VENV) tests/export/run peers certify
PART_clustering = VENV=$(VENV) tests/clustering/run
PART_sklearn = VENV=$(BUILD)/venv-real tests/clustering/run sklearn
PART_threads = tests/threads/run
PART_valgrind = tests/valgrind/run
PART_installed = tests/installed
PART_rooms   = tests/rooms/run
PART_tree    = tests/clean-tree

# The long ones first, so that none is left alone at the end.
PARTS = exact export unit masks clustering api values errors analyse repl shown golden explanations limits replay programs batches docs tracr peers harness found random native installed rooms tree
# By name alone: they take long, or need what the others do not.
MORE_PARTS = exhaustive sklearn threads valgrind

RUN_PARTS = BUILD=$(BUILD) RASPC=$(abspath $(RASPC)) tests/run
part = $(1) '$(PART_$(1))'

.PHONY: check
check: ## run all tests; ends with "N passed, N failed"
	@BUILD=$(BUILD) tests/clean-tree note
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory check-build
	@$(MAKE) --no-print-directory venv || echo "going on without the tools that read exported files"
	@$(RUN_PARTS) $(foreach name,$(PARTS),$(call part,$(name)))

.PHONY: check-build
check-build: all manual $(TEST_PROGRAMS)

# One part of it: make check-golden UPDATE=1 writes the expectation files anew.
.PHONY: $(PARTS:%=check-%) $(MORE_PARTS:%=check-%)
$(PARTS:%=check-%) $(MORE_PARTS:%=check-%): check-%:
	@$(RUN_PARTS) $(call part,$*)
check-unit: $(BUILD)/test-unit
check-api: all $(BUILD)/test-api
check-values check-errors check-analyse: $(BUILD)/test-conformance
check-repl check-shown: all $(BUILD)/test-conformance
check-golden check-explanations check-limits check-programs check-batches check-docs check-exhaustive check-valgrind: all
check-export check-masks check-exact: all venv $(BUILD)/test-random
check-clustering: all venv
check-sklearn: all $(BUILD)/venv-real/made
check-replay: $(REPLAYS)
check-harness check-random check-found: all $(BUILD)/test-random
check-tracr check-peers: all $(BUILD)/test-peers

# --- sanitizers --------------------------------------------------------------------------------------

# The pool has no part of LLVM in it, so that all of it can be watched.
TSAN_POOL = tests/threads/test_pool.c runtime/engines/jit/pool.c runtime/base/memory.c
$(BUILD)/tsan-pool: $(TSAN_POOL) runtime/engines/jit/pool.h
	$(Q)clang-19 $(CPPFLAGS_ALL) -std=c11 -O1 -g -fsanitize=thread -o $@ $(TSAN_POOL) -lpthread
check-threads: all $(BUILD)/tsan-pool

# -fno-sanitize=function: that check reads before a function's first byte, where jitted code has nothing.
ASAN = BUILD=$(BUILD)-asan CC=clang-19 CFLAGS='-O1 -g -fno-omit-frame-pointer' SANITIZED=1 \
       SANITIZE='-fsanitize=address,undefined -fno-sanitize=function -fno-sanitize-recover=undefined'

.PHONY: asan
asan: ## run all tests under the address, leak and undefined-behaviour sanitizers
	@ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:exitcode=99 UBSAN_OPTIONS=exitcode=99 \
	    LSAN_OPTIONS=suppressions=$(CURDIR)/tests/leaks.supp:print_suppressions=0 \
	    $(MAKE) --no-print-directory $(ASAN) check
