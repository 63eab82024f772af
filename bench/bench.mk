# Benchmarks: included by the Makefile. bench/README.md says what is measured and how.

BENCH_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard bench/*.c)))
$(BENCH_OBJ): | $(BUILD)/grammar/rasp.tab.h $(BUILD)/grammar/rasp.lex.h

$(BUILD)/bench-raspc: $(BENCH_OBJ) $(BUILD)/libraspc-core.a
	$(CC) $(LDFLAGS_ALL) -rdynamic -o $@ $(BENCH_OBJ) -Wl,--whole-archive $(BUILD)/libraspc-core.a \
	    -Wl,--no-whole-archive $(LIBS)

.PHONY: bench
bench: all $(BUILD)/bench-raspc ## measure starting, the prompt and eval against the reference
	@$(BUILD)/bench-raspc $(RASPC)

# --- the size of the models beside a peer's ------------------------------------------------------------

PEERS_BENCH_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard bench/peers/*.c))) $(BUILD)/bench/measure.o
$(PEERS_BENCH_OBJ): | $(BUILD)/grammar/rasp.tab.h $(BUILD)/grammar/rasp.lex.h

$(BUILD)/bench-peers: $(PEERS_BENCH_OBJ) $(BUILD)/libraspc-core.a
	$(CC) $(LDFLAGS_ALL) -rdynamic -o $@ $(PEERS_BENCH_OBJ) -Wl,--whole-archive $(BUILD)/libraspc-core.a \
	    -Wl,--no-whole-archive $(LIBS)

.PHONY: bench-peers
bench-peers: all $(BUILD)/bench-peers ## compare the models' sizes with Tracr's: writes bench/peers/table.md
	@$(RASPC) check bench/peers/*.rasp
	@$(BUILD)/bench-peers >bench/peers/table.md.new && mv bench/peers/table.md.new bench/peers/table.md
	@cat bench/peers/table.md

# --- native code beside loops over all pairs -----------------------------------------------------------

JIT_BENCH_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard bench/native/*.c))) $(BUILD)/bench/measure.o
$(JIT_BENCH_OBJ): | $(BUILD)/grammar/rasp.tab.h $(BUILD)/grammar/rasp.lex.h
# The loops are given what the jit's code has: this machine's vectors.
$(BUILD)/bench/native/loops.o: CFLAGS_ALL += -O3 -march=native

$(BUILD)/bench-jit: $(JIT_BENCH_OBJ) $(BUILD)/libraspc-core.a
	$(CC) $(LDFLAGS_ALL) -rdynamic -o $@ $(JIT_BENCH_OBJ) -Wl,--whole-archive $(BUILD)/libraspc-core.a \
	    -Wl,--no-whole-archive $(LIBS)

.PHONY: bench-jit
bench-jit: all $(BUILD)/bench-jit ## measure native code up to a million tokens; CASE="sort" for one
	@$(BUILD)/bench-jit $(if $(CASE),"$(CASE)" $(or $(MOST),1000000) $(LEAST))

.PHONY: bench-engines
bench-engines: all venv $(BUILD)/bench-jit ## the engines side by side, 100 to 1M tokens: writes bench/native/table.md and docs/img/engines.svg
	@$(VENV)/bin/python bench/native/engines.py $(BUILD)/bench-jit $(RASPC) bench/native/table.md docs/img/engines.svg $(if $(CASE),"$(CASE)")

# --- the dense weights beside ONNX Runtime and numpy ---------------------------------------------------

DENSE_BENCH_OBJ = $(BUILD)/bench/dense/main.o $(BUILD)/bench/measure.o
$(DENSE_BENCH_OBJ): | $(BUILD)/grammar/rasp.tab.h $(BUILD)/grammar/rasp.lex.h

$(BUILD)/bench-dense: $(DENSE_BENCH_OBJ) $(BUILD)/libraspc-core.a
	$(CC) $(LDFLAGS_ALL) -rdynamic -o $@ $(DENSE_BENCH_OBJ) -Wl,--whole-archive $(BUILD)/libraspc-core.a \
	    -Wl,--no-whole-archive $(LIBS)

.PHONY: bench-dense
bench-dense: all venv $(BUILD)/bench-dense ## measure interp beside ONNX Runtime and numpy, same weights
	@$(VENV)/bin/python bench/dense/compare.py $(RASPC) $(BUILD)/bench-dense

# --- clustering and attention over real vectors beside scikit-learn, OpenBLAS and ONNX Runtime -----------

REAL_BENCH_OBJ = $(BUILD)/bench/real/main.o $(BUILD)/bench/real/peak.o $(BUILD)/bench/measure.o
$(REAL_BENCH_OBJ): | $(BUILD)/grammar/rasp.tab.h $(BUILD)/grammar/rasp.lex.h

$(BUILD)/bench/real/peak.o: CFLAGS_ALL += -O3 -march=native -ffp-contract=fast

$(BUILD)/bench-real: $(REAL_BENCH_OBJ) $(BUILD)/libraspc-core.a
	$(CC) $(LDFLAGS_ALL) -rdynamic -o $@ $(REAL_BENCH_OBJ) -Wl,--whole-archive $(BUILD)/libraspc-core.a \
	    -Wl,--no-whole-archive $(LIBS)

# --- the papers' experiments ----------------------------------------------------------------------------

PAPERS_BENCH_OBJ = $(BUILD)/bench/papers/serve.o
$(PAPERS_BENCH_OBJ): | $(BUILD)/grammar/rasp.tab.h $(BUILD)/grammar/rasp.lex.h

$(BUILD)/serve-papers: $(PAPERS_BENCH_OBJ) $(BUILD)/libraspc-core.a
	$(CC) $(LDFLAGS_ALL) -rdynamic -o $@ $(PAPERS_BENCH_OBJ) -Wl,--whole-archive $(BUILD)/libraspc-core.a \
	    -Wl,--no-whole-archive $(LIBS)

PAPERS = golden validation em dynamics sweep

.PHONY: bench-papers
bench-papers: all venv $(BUILD)/serve-papers ## the papers' tables beside ours, the quick ones; bench/papers/NAME runs one of them whole
	@status=0; for name in $(PAPERS); do \
	    BUILD=$(BUILD) VENV=$(VENV) RASPC=$(RASPC) $(VENV)/bin/python bench/papers/$$name --quick || status=1; \
	done; exit $$status

$(BUILD)/venv-real/made: bench/real/requirements.txt
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/pip install --quiet -r $< && touch $@

.PHONY: bench-real
bench-real: all $(BUILD)/bench-real $(BUILD)/venv-real/made ## measure k-means and attention beside scikit-learn, OpenBLAS and ONNX Runtime
	@$(BUILD)/venv-real/bin/python bench/real/compare.py $(BUILD)/bench-real 1
	@$(BUILD)/venv-real/bin/python bench/real/compare.py $(BUILD)/bench-real 2

.PHONY: bench-rows
bench-rows: all venv ## measure k-means on ten million rows of a file, 1.3 GB: time and memory; ROWS=1000000 for fewer, THREADS=2
	@$(VENV)/bin/python bench/real/rows.py $(RASPC) $(or $(ROWS),10000000) $(or $(THREADS),1)
