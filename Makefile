# assay: the only build file. It finds sources by folder and knows nothing per file.
#
#   make run         packages, build, gateway with the demonstration laboratory
#   make check       packages, build, every test          make check-full   the long sweeps
#   make             release binary at build/assay, plugins in build/drivers/
#   make debug|release|asan|tsan|cov|fuzz                 build/MODE/ (release: build/)
#   make help        the rest

MODE     ?= release
CC       ?= gcc
PREFIX   ?= /usr/local
DESTDIR  ?=
VERSION  := 0.1.0
B        := $(if $(filter release,$(MODE)),build,build/$(MODE))
O        := $(B)/obj
SHELL    := /bin/bash
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

Q := $(if $(V),,@)
say = @$(if $(V),:,printf '  %-7s %s\n' $(1) $(2))

PKGS := libmodbus libserialport libxml-2.0 sqlite3 libmicrohttpd jansson libpcre2-8 libsodium libcrypto
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null | sed 's/-I/-isystem /g')
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
LIMITS_LIBS := $(shell pkg-config --libs libxml-2.0 libcrypto 2>/dev/null)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wmissing-declarations -Wformat=2 -Wundef -Wvla -Wcast-qual -Wwrite-strings -Wpointer-arith \
	-Wimplicit-fallthrough -Wdouble-promotion -Wno-format-truncation -Werror
BASE := -std=c11 -D_GNU_SOURCE -DASSAY_VERSION='"$(VERSION)"' -I. -Ibuild/gen -g -fPIC -fno-omit-frame-pointer

FLAGS_release := -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2
FLAGS_debug   := -O0
FLAGS_asan    := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
FLAGS_tsan    := -O1 -fsanitize=thread
FLAGS_cov     := -O0 --coverage
FLAGS_fuzz    := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -DASSAY_FUZZ
ifeq ($(MODE),fuzz)
CC := clang
endif
SAN := $(filter -fsanitize=% --coverage,$(FLAGS_$(MODE)))
CFLAGS_ALL := $(BASE) $(WARN) $(FLAGS_$(MODE)) $(PKG_CFLAGS) $(CFLAGS)
LD_EXE := $(SAN) -pie -Wl,-z,relro,-z,now -rdynamic $(LDFLAGS)
LD_SO  := $(SAN) -shared -Wl,-z,relro,-z,now $(if $(SAN),,-Wl,-z,defs) $(LDFLAGS)

LIMITS_C  := $(wildcard limits/*.c)
GATEWAY_C := $(wildcard gateway/*.c gateway/*/*.c)
DRIVER_C  := $(wildcard drivers/*.c)
UNIT_C    := $(wildcard tests/unit/test_*.c)
FAULT_C   := $(wildcard tests/fault/test_*.c)
BENCH_C   := $(wildcard tests/bench/*.c)
FUZZ_C    := $(wildcard tests/fuzz/fuzz_*.c)

LIMITS_O  := $(LIMITS_C:%.c=$(O)/%.o)
GATEWAY_O := $(filter-out $(O)/gateway/main.o,$(GATEWAY_C:%.c=$(O)/%.o)) $(O)/ui_pages.o
DRIVERS   := $(DRIVER_C:drivers/%.c=$(B)/drivers/%.so)
UNITS     := $(UNIT_C:tests/%.c=$(B)/tests/%)
FAULTS    := $(FAULT_C:tests/%.c=$(B)/tests/%)
BENCHES   := $(BENCH_C:tests/%.c=$(B)/tests/%)
FUZZERS   := $(FUZZ_C:tests/%.c=$(B)/tests/%)
ALL_C     := $(LIMITS_C) $(GATEWAY_C) $(DRIVER_C)
ALL_H     := $(wildcard limits/*.h drivers/*.h gateway/*.h gateway/*/*.h tests/*/*.h)

.PHONY: all
all: $(B)/assay $(DRIVERS) $(B)/specs

$(B)/assay: $(O)/gateway/main.o $(B)/libgateway.a $(B)/liblimits.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LD_EXE) -o $@ $< -Wl,--whole-archive $(B)/libgateway.a -Wl,--no-whole-archive $(B)/liblimits.a $(PKG_LIBS) -ldl -lpthread

$(B)/liblimits.a: $(LIMITS_O)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/libgateway.a: $(GATEWAY_O)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/drivers/%.so: $(O)/drivers/%.o
	@mkdir -p $(@D)
	$(call say,PLUGIN,$@)
	$(Q)$(CC) $(LD_SO) -o $@ $<

$(O)/drivers/%.o: CFLAGS_ALL += -fvisibility=hidden

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Objects depend on the flags they were made with.
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS_ALL)' | cmp -s - $@ || echo '$(CC) $(CFLAGS_ALL)' > $@
FORCE:

$(B)/specs:
	@mkdir -p $(@D)
	@ln -sfn $(CURDIR)/specs $@

# The pages: our files and the locked preact/htm module, embedded as bytes.
UI_FILES := $(filter-out %.sh gateway/ui/package%.json,$(wildcard gateway/ui/*.*))
build/ui/.stamp: gateway/ui/package.json gateway/ui/package-lock.json
	@mkdir -p build/ui
	$(call say,NPM,gateway/ui)
	$(Q)cp gateway/ui/package.json gateway/ui/package-lock.json build/ui/ && cd build/ui && \
		npm ci --ignore-scripts --no-audit --no-fund --silent && touch .stamp
$(O)/ui_pages.c: gateway/ui/embed.sh $(UI_FILES) build/ui/.stamp
	@mkdir -p $(@D)
	$(call say,EMBED,$@)
	$(Q)sh gateway/ui/embed.sh $@ $(UI_FILES) build/ui/node_modules/htm/preact/standalone.module.js
$(O)/ui_pages.o: $(O)/ui_pages.c $(O)/flags
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<

# Tests
$(B)/tests/unit/% $(B)/tests/fault/% $(B)/tests/bench/%: $(O)/tests/placeholder
$(B)/tests/unit/%: $(O)/tests/unit/%.o $(B)/libgateway.a $(B)/liblimits.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LD_EXE) -o $@ $< $(B)/libgateway.a $(B)/liblimits.a $(PKG_LIBS) -lcmocka -ldl -lpthread
$(B)/tests/fault/%: $(O)/tests/fault/%.o $(B)/libgateway.a $(B)/liblimits.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LD_EXE) -o $@ $< $(B)/libgateway.a $(B)/liblimits.a $(PKG_LIBS) -lcmocka -ldl -lpthread
$(B)/tests/bench/%: $(O)/tests/bench/%.o $(B)/libgateway.a $(B)/liblimits.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LD_EXE) -o $@ $< $(B)/libgateway.a $(B)/liblimits.a $(PKG_LIBS) -ldl -lpthread
$(B)/tests/fuzz/%: $(O)/tests/fuzz/%.o $(B)/libgateway.a $(B)/liblimits.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LD_EXE) $(if $(filter fuzz,$(MODE)),-fsanitize=fuzzer) -o $@ $< $(B)/libgateway.a $(B)/liblimits.a $(PKG_LIBS) -ldl -lpthread
$(O)/tests/placeholder:
	@mkdir -p $(@D) && touch $@

.PHONY: tests
tests: all $(UNITS) $(FAULTS)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
