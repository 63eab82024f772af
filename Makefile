# raspc: RASP programs into transformers. `make help` lists what there is to make.

BUILD  ?= build
PREFIX ?= /usr/local
ifeq ($(origin CC),default)
CC     = gcc
endif
CFLAGS ?= -O2 -g
WERROR ?=
V      ?=

# A line a file; V=1 shows the commands.
Q   = $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2))

LLVM_CONFIG ?= $(firstword $(shell command -v llvm-config-19 llvm-config-20 llvm-config-21 llvm-config 2>/dev/null))

# --- what is built from what ---------------------------------------------------------------------

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla \
           -Wformat=2 $(if $(WERROR),-Werror)
CPPFLAGS_ALL = -I. -I$(BUILD) -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE $(CPPFLAGS)
CFLAGS_ALL   = -std=c11 -fPIC -MMD -MP -ffp-contract=off $(WARNINGS) $(CFLAGS) $(SANITIZE)
LDFLAGS_ALL  = $(LDFLAGS) $(SANITIZE)
LIBS         = -lcjson -lutf8proc -lgmp -lz -lm -ldl -lpthread
LIBS_REPL    = -ledit

CORE_SRC = $(sort $(wildcard runtime/base/*.c runtime/value/*.c runtime/input/*.c runtime/graph/*.c \
             runtime/model/*.c runtime/real/*.c runtime/certify/*.c runtime/engines/*.c runtime/engines/dense/*.c \
             runtime/engines/real/*.c runtime/exact/*.c runtime/draw/*.c runtime/export/*.c grammar/*.c \
             compiler/elaborate/*.c compiler/lower/*.c compiler/lower/real/*.c compiler/*.c))
API_SRC  = $(sort $(wildcard compiler/api/*.c))
DRIVER_SRC = $(sort $(wildcard compiler/driver/*.c))
JIT_SRC  = $(sort $(wildcard runtime/engines/jit/*.c runtime/engines/jit/real/*.c runtime/engines/jit/short/*.c))

GENERATED = $(BUILD)/grammar/rasp.tab.c $(BUILD)/grammar/rasp.lex.c $(BUILD)/compiler/library_text.c \
            $(BUILD)/runtime/export/modeling_raspc_text.c $(BUILD)/runtime/export/modeling_raspc_real_text.c
CORE_OBJ   = $(CORE_SRC:%.c=$(BUILD)/%.o) $(GENERATED:.c=.o)
API_OBJ    = $(API_SRC:%.c=$(BUILD)/%.o)
DRIVER_OBJ = $(DRIVER_SRC:%.c=$(BUILD)/%.o)
JIT_OBJ    = $(JIT_SRC:%.c=$(BUILD)/%.o)

VERSION   = $(shell sed -n 's/.*RASPC_VERSION "\(.*\)"/\1/p' runtime/base/version.h)
SOVERSION = $(shell sed -n 's/.*RASPC_SONAME_VERSION "\(.*\)"/\1/p' runtime/base/version.h)

RASPC = $(BUILD)/raspc
JIT   = $(if $(LLVM_CONFIG),$(BUILD)/raspc-jit.so)

LIBRARIES = $(BUILD)/libraspc.so $(BUILD)/libraspc.a

.PHONY: all
all: $(RASPC) $(JIT) $(LIBRARIES)
ifeq ($(LLVM_CONFIG),)
	@echo "LLVM not found: built everything but the jit (make deps installs it)"
endif

$(BUILD)/libraspc-core.a: $(CORE_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(RASPC): $(DRIVER_OBJ) $(BUILD)/libraspc-core.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) $(LIBS_REPL)

# The jit is a module of its own, loaded at first use. It brings the parts of the runtime that it
# needs, so that whoever loads it - the command, libraspc, a program linked with that - gives nothing.
$(BUILD)/raspc-jit.so: $(JIT_OBJ) $(BUILD)/libraspc-core.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -shared -o $@ $^ -Wl,--exclude-libs,libraspc-core.a \
	    $(shell $(LLVM_CONFIG) --ldflags --libs 2>/dev/null) $(LIBS)

# The library shows nothing but raspc.h's names. As an archive it is one object whose other names are
# made local, for two libraries may both have an arena_new.
$(BUILD)/libraspc.so: $(API_OBJ) $(BUILD)/libraspc-core.a compiler/api/raspc.map
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -shared -Wl,-soname,libraspc.so.$(SOVERSION) \
	    -Wl,--version-script=compiler/api/raspc.map -o $@ $(API_OBJ) $(BUILD)/libraspc-core.a $(LIBS)
	$(Q)ln -sf libraspc.so $(BUILD)/libraspc.so.$(SOVERSION)
$(BUILD)/libraspc.a: $(API_OBJ) $(BUILD)/libraspc-core.a
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(LD) -r -o $(BUILD)/libraspc.o $(API_OBJ) --whole-archive $(BUILD)/libraspc-core.a && \
	    objcopy --wildcard --keep-global-symbol='raspc_*' $(BUILD)/libraspc.o && \
	    $(AR) rcs $@ $(BUILD)/libraspc.o

# Its names are its own: one that the executable has as well must not take its place.
$(JIT_OBJ): CPPFLAGS_ALL += $(shell $(LLVM_CONFIG) --cppflags 2>/dev/null)
$(JIT_OBJ): CFLAGS_ALL += -fvisibility=hidden

# What the jit does itself over real vectors are loops over columns; scores are sums over keys.
$(BUILD)/runtime/engines/jit/real/%.o $(BUILD)/runtime/engines/score_sums.o: CFLAGS_ALL += -O3

# A product and its sum may be one instruction there: what is computed is exact either way.
$(BUILD)/runtime/engines/dense/%.o: CFLAGS_ALL += -ffp-contract=fast

# An object is as old as the start of its compilation, so that a header that changes meanwhile (a
# checkout during a build) makes it out of date.
define COMPILE
@mkdir -p $(@D)
$(call say,CC,$<)
@: >$@.began
$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<
@touch -r $@.began $@ && rm $@.began
endef

$(BUILD)/%.o: %.c $(BUILD)/flags
	$(COMPILE)
$(BUILD)/%.o: $(BUILD)/%.c $(BUILD)/flags
	$(COMPILE)

# Written anew when the compiler or its options change: then all objects are. (Not for WERROR, which
# changes none.)
.PHONY: force
$(BUILD)/flags: force
	@mkdir -p $(@D)
	@{ echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(SANITIZE)'; grep -h FLAGS Makefile tests/tests.mk; } >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# What flex and bison write is theirs, not ours, to keep free of warnings.
$(BUILD)/grammar/rasp.tab.o $(BUILD)/grammar/rasp.lex.o: CFLAGS_ALL += -Wno-all -Wno-extra -Wno-shadow -Wno-sign-compare

$(BUILD)/grammar/rasp.tab.c $(BUILD)/grammar/rasp.tab.h &: grammar/rasp.y
	@mkdir -p $(@D)
	$(call say,BISON,$<)
	$(Q)bison -Wall -Wcounterexamples -Wdangling-alias -Werror --header=$(BUILD)/grammar/rasp.tab.h \
	    -o $(BUILD)/grammar/rasp.tab.c $<

$(BUILD)/grammar/rasp.lex.c $(BUILD)/grammar/rasp.lex.h &: grammar/rasp.l $(BUILD)/grammar/rasp.tab.h
	@mkdir -p $(@D)
	$(call say,FLEX,$<)
	$(Q)flex --header-file=$(BUILD)/grammar/rasp.lex.h -o $(BUILD)/grammar/rasp.lex.c $<

$(CORE_OBJ) $(DRIVER_OBJ): | $(BUILD)/grammar/rasp.tab.h $(BUILD)/grammar/rasp.lex.h

# Texts that are built into the binary: NAME as the string NAME_text.
define EMBED
@mkdir -p $(@D)
$(call say,TEXT,$<)
$(Q){ echo 'extern const char $(basename $(notdir $<))_text[];'; \
      echo 'const char $(basename $(notdir $<))_text[] ='; \
      sed 's/\\/\\\\/g; s/"/\\"/g; s/^/    "/; s/$$/\\n"/' $<; echo '    ;'; } >$@
endef

$(BUILD)/compiler/library_text.c: compiler/library.rasp
	$(EMBED)
$(BUILD)/runtime/export/modeling_raspc_text.c: runtime/export/modeling_raspc.py
	$(EMBED)
$(BUILD)/runtime/export/modeling_raspc_real_text.c: runtime/export/modeling_raspc_real.py
	$(EMBED)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: clean
clean:
	rm -rf $(BUILD)

# --- tests ---------------------------------------------------------------------------------------

include tests/tests.mk
include docs/demo.mk

# --- benchmarks ----------------------------------------------------------------------------------

include bench/bench.mk

# --- set-up --------------------------------------------------------------------------------------

DEPS      = gcc libc6-dev pkg-config flex bison check libedit-dev libcjson-dev libgmp-dev \
            libutf8proc-dev zlib1g-dev
DEPS_JIT  = llvm-19-dev
DEPS_TEST = python3-venv
DEPS_DEV  = clang-19 clang-format-19 libclang-rt-19-dev valgrind

.PHONY: deps deps-dev
deps: ## install what the build needs from Debian (as root, or with sudo)
	@tools/install-deps $(DEPS)
	@tools/install-deps --optional $(DEPS_JIT)
deps-dev: deps ## and what sanitizers, fuzzers and the formatter need
	@tools/install-deps $(DEPS_DEV)

# The manual page and the completion are made from the tables of commands and options.
$(BUILD)/manual: $(BUILD)/tools/manual.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^
$(BUILD)/raspc.1: $(BUILD)/manual
	$(call say,TEXT,$@)
	$(Q)$< man >$@
$(BUILD)/raspc.bash: $(BUILD)/manual
	$(call say,TEXT,$@)
	$(Q)$< bash >$@

.PHONY: manual install
manual: $(BUILD)/raspc.1 $(BUILD)/raspc.bash ## the manual page and the completion for bash
# The command finds what it needs from where it lies, so that a PREFIX may be given here alone.
install: all manual ## install the command and the library under PREFIX (default /usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/raspc $(DESTDIR)$(PREFIX)/share/raspc \
	    $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 755 $(RASPC) $(DESTDIR)$(PREFIX)/bin/raspc
	$(if $(JIT),install -m 755 $(JIT) $(DESTDIR)$(PREFIX)/lib/raspc/raspc-jit.so)
	install -m 644 compiler/api/raspc.h $(DESTDIR)$(PREFIX)/include/raspc.h
	install -m 755 $(BUILD)/libraspc.so $(DESTDIR)$(PREFIX)/lib/libraspc.so.$(VERSION)
	ln -sf libraspc.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/libraspc.so.$(SOVERSION)
	ln -sf libraspc.so.$(SOVERSION) $(DESTDIR)$(PREFIX)/lib/libraspc.so
	install -m 644 $(BUILD)/libraspc.a $(DESTDIR)$(PREFIX)/lib/libraspc.a
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|; s|@LIBS@|$(LIBS)|' compiler/api/raspc.pc.in \
	    >$(DESTDIR)$(PREFIX)/lib/pkgconfig/raspc.pc
	cp -R programs $(DESTDIR)$(PREFIX)/share/raspc/
	install -m 644 $(BUILD)/raspc.1 $(DESTDIR)$(PREFIX)/share/man/man1/raspc.1
	install -m 644 $(BUILD)/raspc.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/raspc

C_FILES = $(shell git ls-files '*.c' '*.h')
.PHONY: format check-format
format: ## lay out the C sources
	clang-format-19 -i $(C_FILES)
check-format: ## say which C sources are not laid out
	@if command -v clang-format-19 >/dev/null; then clang-format-19 --dry-run -Werror $(C_FILES); \
	else echo "clang-format-19 is not installed (make deps-dev)"; fi

.PHONY: help
help: ## this list
	@echo "make              build $(RASPC)"
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
