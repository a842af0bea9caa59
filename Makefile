# assay: the only build file. It finds sources by folder and knows nothing per file.
#
#   make run         packages, build, gateway with the demonstration laboratory
#   make check       packages, build, every test          make check-full   the long sweeps
#   make             release binary at build/assay, plugins in build/drivers/
#   make debug|release|clang|asan|tsan|cov                build/MODE/ (release: build/)
#   make fuzz        every fuzz target for a minute       make bench        measurements
#   make help        the rest

MODE     ?= release
CC       ?= gcc
PREFIX   ?= /usr/local
DESTDIR  ?=
VERSION  := 0.1.0
JOBS     ?= $(shell nproc 2>/dev/null || echo 2)
B        := $(if $(filter release,$(MODE)),build,build/$(MODE))
O        := $(B)/obj
SHELL    := /bin/bash
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

Q := $(if $(V),,@)
say = @$(if $(V),:,printf '  %-8s %s\n' '$(1)' '$(2)')

PKGS := libseccomp libmodbus libserialport libxml-2.0 sqlite3 libmicrohttpd jansson libpcre2-8 libsodium libcrypto gsl gnutls
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null | sed 's/-I/-isystem /g')
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
# Of the helper program that prints; nothing else is linked with these.
REPORT_PKGS := pangocairo pangoft2 fontconfig harfbuzz-subset libqrencode libseccomp jansson
REPORT_CFLAGS := $(shell pkg-config --cflags $(REPORT_PKGS) 2>/dev/null | sed 's/-I/-isystem /g')
REPORT_LIBS   := $(shell pkg-config --libs $(REPORT_PKGS) 2>/dev/null) -lzint
LIMITS_LIBS := $(shell pkg-config --libs libxml-2.0 libcrypto 2>/dev/null)

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wmissing-declarations -Wformat=2 -Wundef -Wvla -Wcast-qual -Wwrite-strings -Wpointer-arith \
	-Wimplicit-fallthrough -Wdouble-promotion -Werror $(if $(findstring clang,$(CC)),,-Wno-format-truncation)
BASE := -std=c11 -D_GNU_SOURCE -DASSAY_VERSION='"$(VERSION)"' -I. -Ibuild/gen -g -fPIC -fno-omit-frame-pointer

FLAGS_release := -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2
FLAGS_debug   := -O0
FLAGS_clang   := -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2
FLAGS_asan    := -DASSAY_INSTRUMENTED -O0 -fsanitize=address,undefined -fno-sanitize-recover=all
FLAGS_tsan    := -DASSAY_INSTRUMENTED -O1 -fsanitize=thread
FLAGS_threads := $(FLAGS_tsan)
FLAGS_cov     := -DASSAY_INSTRUMENTED -DASSAY_COVERAGE -O0 --coverage
FLAGS_fuzz    := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -DASSAY_FUZZ -DASSAY_INSTRUMENTED
ifneq ($(filter fuzz clang,$(MODE)),)
CC := clang
endif
SAN := $(filter -fsanitize=% --coverage,$(FLAGS_$(MODE)))
CFLAGS_ALL := $(BASE) $(WARN) $(FLAGS_$(MODE)) $(PKG_CFLAGS) $(CFLAGS)
LD_EXE := $(SAN) -pie -Wl,-z,relro,-z,now -rdynamic $(LDFLAGS)
LD_SO  := $(SAN) -shared -Wl,-z,relro,-z,now $(if $(SAN),,-Wl,-z,defs) $(LDFLAGS)

LIMITS_C  := $(wildcard limits/*.c)
REPORT_C  := $(wildcard gateway/report/*.c)
GATEWAY_C := $(filter-out $(REPORT_C),$(wildcard gateway/*.c gateway/*/*.c))
DRIVER_C  := $(wildcard drivers/*.c)
UNIT_C    := $(wildcard tests/unit/test_*.c)
FAULT_C   := $(wildcard tests/fault/test_*.c)
BENCH_C   := $(wildcard tests/bench/*.c)
FUZZ_C    := $(wildcard tests/fuzz/fuzz_*.c)

LIMITS_O  := $(LIMITS_C:%.c=$(O)/%.o)
GATEWAY_O := $(filter-out $(O)/gateway/main.o,$(GATEWAY_C:%.c=$(O)/%.o)) $(if $(wildcard gateway/ui/embed.sh),$(O)/ui_pages.o)
REPORT_O  := $(REPORT_C:%.c=$(O)/%.o)
DRIVERS   := $(DRIVER_C:drivers/%.c=$(B)/drivers/%.so)
UNITS     := $(UNIT_C:tests/%.c=$(B)/tests/%)
FAULTS    := $(FAULT_C:tests/%.c=$(B)/tests/%)
BENCHES   := $(BENCH_C:tests/%.c=$(B)/tests/%)
FUZZERS   := $(FUZZ_C:tests/%.c=$(B)/tests/%)
ALL_C     := $(LIMITS_C) $(GATEWAY_C) $(REPORT_C) $(DRIVER_C)

# Passwords are hashed and papers and risks read on threads (tests/no_threads.sh keeps others out). MODE=threads instruments
# those folders and takes the rest from the release build; MODE=tsan instruments everything.
THREADED  := gateway/people gateway/web
LIBS      := $(B)/libgateway.a $(B)/liblimits.a
ifeq ($(MODE),threads)
GATEWAY_O := $(patsubst %.c,$(O)/%.o,$(wildcard $(THREADED:%=%/*.c)))
LIBS      := $(B)/libgateway.a build/libgateway.a build/liblimits.a
endif
ALL_H     := $(wildcard limits/*.h drivers/*.h gateway/*.h gateway/*/*.h tests/*/*.h)

.PHONY: all
all: $(B)/assay $(B)/assay-report $(DRIVERS) $(B)/specs

$(B)/assay: $(O)/gateway/main.o $(LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LD_EXE) -o $@ $< -Wl,--whole-archive $(B)/libgateway.a -Wl,--no-whole-archive $(B)/liblimits.a $(PKG_LIBS) -ldl -lpthread

$(B)/assay-report: $(REPORT_O) $(B)/liblimits.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LD_EXE) -o $@ $^ $(REPORT_LIBS)

$(B)/liblimits.a: $(LIMITS_O)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/libgateway.a: $(GATEWAY_O)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/drivers/%.so: $(O)/drivers/%.o
	@mkdir -p $(@D)
	$(call say,PLUGIN,$@)
	$(Q)$(CC) $(LD_SO) -o $@ $< $(LD_LIBS)

# The one plugin with a library: its grammar is PCRE2's.
$(B)/drivers/ascii.so: LD_LIBS := $(shell pkg-config --libs libpcre2-8 2>/dev/null)
$(O)/drivers/%.o: CFLAGS_ALL += -fvisibility=hidden
$(O)/gateway/report/%.o: CFLAGS_ALL += $(REPORT_CFLAGS)

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

# The pages: our files and the locked modules (preact with htm, uqr), embedded as bytes.
UI_FILES := $(filter-out %.sh gateway/ui/package%.json,$(wildcard gateway/ui/*.*)) $(wildcard gateway/web/*.json)
build/ui/.stamp: gateway/ui/package.json gateway/ui/package-lock.json
	@mkdir -p build/ui
	$(call say,NPM,gateway/ui)
	$(Q)cp gateway/ui/package.json gateway/ui/package-lock.json build/ui/ && cd build/ui && \
		npm ci --ignore-scripts --no-audit --no-fund --silent && cp node_modules/uqr/dist/index.mjs uqr.js && touch .stamp
$(O)/ui_pages.c: gateway/ui/embed.sh $(UI_FILES) build/ui/.stamp
	@mkdir -p $(@D)
	$(call say,EMBED,$@)
	$(Q)sh gateway/ui/embed.sh $@ $(UI_FILES) build/ui/node_modules/htm/preact/standalone.module.js build/ui/uqr.js \
		build/ui/node_modules/htm/LICENSE build/ui/node_modules/preact/LICENSE build/ui/node_modules/uqr/LICENSE
$(O)/ui_pages.o: $(O)/ui_pages.c $(O)/flags
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<

# Tests
$(B)/tests/unit/% $(B)/tests/fault/% $(B)/tests/bench/%: $(O)/tests/placeholder
$(B)/tests/unit/%: $(O)/tests/unit/%.o $(LIBS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LD_EXE) -o $@ $< $(LIBS) $(PKG_LIBS) -lcmocka -ldl -lpthread
$(B)/tests/fault/%: $(O)/tests/fault/%.o $(LIBS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LD_EXE) -o $@ $< $(LIBS) $(PKG_LIBS) -lcmocka -ldl -lpthread
$(B)/tests/bench/%: $(O)/tests/bench/%.o $(LIBS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LD_EXE) -o $@ $< $(LIBS) $(PKG_LIBS) -lcmocka -ldl -lpthread
# Outside the fuzz mode a target is linked with a main that replays its corpus.
FUZZ_MAIN := $(if $(filter fuzz,$(MODE)),,$(O)/tests/fuzz/replay_corpus.o)
$(B)/tests/fuzz/%: $(O)/tests/fuzz/%.o $(FUZZ_MAIN) $(B)/libgateway.a $(B)/liblimits.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LD_EXE) $(if $(filter fuzz,$(MODE)),-fsanitize=fuzzer) -o $@ $< $(FUZZ_MAIN) $(B)/libgateway.a $(B)/liblimits.a $(PKG_LIBS) -ldl -lpthread
$(O)/tests/placeholder:
	@mkdir -p $(@D) && touch $@

# Plugins that break the rules, for the loader's and the host's tests.
LOADED    := $(patsubst tests/load/%.c,$(B)/tests/load/%.so,$(wildcard tests/load/*.c))
$(B)/tests/load/%.so: tests/load/%.c drivers/driver.h
	@mkdir -p $(@D)
	$(call say,PLUGIN,$@)
	$(Q)$(CC) $(CFLAGS_ALL) -fvisibility=hidden -shared -o $@ $<

.PHONY: tests
tests: all $(UNITS) $(LOADED) $(if $(filter release,$(MODE)),$(FAULTS)) $(if $(filter asan,$(MODE)),$(FUZZERS))

# Modes
.PHONY: debug release clang asan tsan cov
debug release clang asan tsan cov:
	+$(Q)$(MAKE) MODE=$@ all

# Packages of Debian 12. Nothing is asked of the network when they are there.
DEPS := gcc libc6-dev pkg-config libmodbus-dev libserialport-dev libxml2-dev libsqlite3-dev libmicrohttpd-dev \
	libjansson-dev libpcre2-dev libsodium-dev libssl-dev libgnutls28-dev libgsl-dev libseccomp-dev linux-libc-dev nodejs npm \
	libpango1.0-dev libcairo2-dev libharfbuzz-dev libqrencode-dev libzint-dev fonts-noto-cjk fonts-dejavu-core
DEPS_CHECK := clang clang-format clang-tidy libclang-rt-14-dev cppcheck libcmocka-dev libxml2-utils sqlite3 python3 \
	python3-pymodbus python3-serial python3-serial-asyncio python3-nacl python3-scipy python3-numpy systemd faketime strace socat mbpoll groff shellcheck curl procps chromium chromium-driver \
	poppler-utils zbar-tools xz-utils openssl
.PHONY: deps deps-check
deps:
	@sh tests/deps.sh $(DEPS)
deps-check: deps
	@sh tests/deps.sh $(DEPS_CHECK)

.PHONY: run
run: deps
	+$(Q)$(MAKE) -j$(JOBS) all
	$(Q)trap : INT; $(B)/assay demo $(if $(DIR),-d $(DIR)) $(if $(LISTEN),--listen $(LISTEN))

# Every test. Faults and scripts mostly wait for clocks, lines and browsers, so three of them run beside what computes: gates,
# instrumented builds and unit tests. Each suite adds its counts to build/log/counts.
RUN := tests/run.sh build/log
SCRIPTS := $(sort $(wildcard tests/replay/*.sh tests/limits/*.sh tests/report/*.sh tests/peers/*.sh tests/requirements/*.sh tests/analysis/*.sh tests/e2e/*.sh))
# Nothing that the unit tests show needs a disk, and a disk makes them wait.
UNIT_TMP := $(shell [ -w /dev/shm ] && echo TMPDIR=/dev/shm)
.PHONY: check check-gates check-suites check-full check-bare suite-faults suite-scripts suite-computed suite-gates suite-units suite-asan suite-tsan suite-soak
check: deps-check
	+$(Q)$(MAKE) -j$(JOBS) tests
	+$(Q)$(MAKE) check-suites
check-suites: export ASSAY := $(CURDIR)/build/assay
check-suites:
	@mkdir -p build/log && rm -f build/log/counts
	+$(Q)$(MAKE) -k -j$$(($(JOBS) + $(if $(ASSAY_FULL),3,2))) suite-faults suite-scripts suite-computed $(if $(ASSAY_FULL),suite-soak); code=$$?; \
		awk '{ p += $$1; f += $$2 } END { printf "%d passed, %d failed\n", p, f }' build/log/counts; exit $$code
suite-faults:
	@LANES=$(if $(ASSAY_FULL),2,1) $(RUN) faults $(FAULTS)
suite-scripts:
	@LANES=2 TIMEOUT_S=$${TIMEOUT_S:-300} $(RUN) scripts $(SCRIPTS)
suite-computed:
	+@$(MAKE) -k suite-gates suite-units; code=$$?; $(MAKE) -k suite-asan suite-tsan && exit $$code
suite-gates: check-gates
suite-units:
	@$(UNIT_TMP) LANES=2 $(RUN) units $(UNITS)
# Long counts are for the release build; instrumented ones do the short counts, five times slower.
SHORT := env -u ASSAY_FULL
suite-asan:
	+$(Q)$(MAKE) MODE=asan tests
	@$(UNIT_TMP) LANES=2 $(SHORT) $(RUN) asan $(UNIT_C:tests/%.c=build/asan/tests/%)
	@$(SHORT) $(RUN) corpora $(FUZZ_C:tests/%.c=build/asan/tests/%)
TSAN_MODE := $(if $(ASSAY_FULL),tsan,threads)
TSAN_C    := $(if $(ASSAY_FULL),$(UNIT_C),tests/unit/test_people.c $(wildcard tests/unit/test_web*.c))
suite-tsan:
	+$(Q)$(MAKE) MODE=$(TSAN_MODE) $(if $(ASSAY_FULL),tests,$(TSAN_C:tests/%.c=build/$(TSAN_MODE)/tests/%))
	@$(UNIT_TMP) LANES=2 $(SHORT) $(RUN) tsan $(TSAN_C:tests/%.c=build/$(TSAN_MODE)/tests/%)

# The same tests with their long counts (at most 60 minutes), by the environment.
check-full: export ASSAY_FULL := 1
check-full: export TIMEOUT_S := 3000
check-full: check
	+$(Q)$(MAKE) -j$(JOBS) MODE=clang all
suite-soak:
	+$(Q)$(MAKE) soak HOURS=0.5

# Both README commands in a fresh Debian 12 tree (needs root, debootstrap and a mirror).
check-bare:
	$(Q)bash tests/bare.sh

.PHONY: format format-check no-unbounded no-float no-threads tidy cppcheck abi-check headers man-check shellcheck
check-gates: format-check no-unbounded no-float no-threads headers tidy cppcheck abi-check man-check shellcheck
FORMATTED := $(ALL_C) $(ALL_H) $(UNIT_C) $(FAULT_C) $(BENCH_C) $(wildcard tests/fuzz/*.c tests/load/*.c tests/sim/*.c)
format:
	$(Q)clang-format -i $(FORMATTED)
format-check:
	$(call say,FORMAT,$(words $(FORMATTED)) files)
	$(Q)clang-format --dry-run -Werror $(FORMATTED)

no-unbounded:
	$(call say,BOUNDED,every buffer with its size)
	$(Q)sh tests/no_unbounded.sh

no-float:
	$(call say,EXACT,no binary floating point on the verdict side)
	$(Q)sh tests/no_float.sh
no-threads:
	$(call say,THREADS,none outside $(THREADED))
	$(Q)sh tests/no_threads.sh $(THREADED)

# The compiler's own warnings are among the checks, so clang's are errors here too. The analyzer's budget for a function
# is the figure below; check-full gives it clang-tidy's own.
TIDY_NODES ?= $(if $(ASSAY_FULL),225000,50000)
TIDY_ARGS  := $(foreach word,-analyzer-config max-nodes=$(TIDY_NODES),--extra-arg=-Xclang --extra-arg=$(word))
tidy: $(ALL_C:%.c=build/tidy/%.ok)
build/tidy/%.ok: %.c .clang-tidy $(ALL_H)
	@mkdir -p $(@D)
	$(call say,TIDY,$<)
	$(Q)clang-tidy --quiet $(TIDY_ARGS) $< -- $(filter-out -fno-omit-frame-pointer,$(BASE)) $(filter-out -Werror -Wno-format-truncation,$(WARN)) $(PKG_CFLAGS) $(REPORT_CFLAGS) >$@.log 2>&1 || { cat $@.log; exit 1; }
	@touch $@

cppcheck:
	$(call say,CPPCHECK,all)
	@mkdir -p build/cppcheck
	$(Q)cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches --suppress=ctuuninitvar --cppcheck-build-dir=build/cppcheck \
		-D__linux__ -DASSAY_VERSION='""' -I. drivers gateway limits

abi-check: $(DRIVERS)
	$(call say,ABI,$(words $(DRIVERS)) plugins)
	$(Q)sh tests/abi_check.sh $(B)/drivers

headers: $(patsubst %.h,build/headers/%.ok,$(filter-out tests/load/%,$(ALL_H)))
build/headers/%.ok: %.h $(ALL_H)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) $(WARN) $(PKG_CFLAGS) $(REPORT_CFLAGS) -fsyntax-only -x c $<
	@touch $@

MANUALS := $(wildcard gateway/man/*.[1578])
man-check:
	$(call say,MAN,$(words $(MANUALS)) pages)
	$(Q)for page in $(MANUALS); do \
		out=$$(groff -mandoc -Tutf8 -ww -z $$page 2>&1); [ -z "$$out" ] || { echo "$$page: $$out"; exit 1; }; done

shellcheck:
	$(call say,SHELL,scripts)
	$(Q)shellcheck -S warning $(wildcard .ci/run tests/*.sh tests/*/*.sh gateway/ui/*.sh packaging/*.sh packaging/backup packaging/*.p*inst packaging/*.p*rm)

FUZZ_S ?= 60
.PHONY: fuzz bench
fuzz: deps-check
	+$(Q)$(MAKE) -j$(JOBS) MODE=fuzz all $(FUZZ_C:tests/%.c=build/fuzz/tests/%)
	$(Q)for target in $(FUZZ_C:tests/fuzz/fuzz_%.c=%); do \
		mkdir -p build/fuzz/found/$$target tests/fuzz/corpus/$$target; \
		build/fuzz/tests/fuzz/fuzz_$$target -max_total_time=$(FUZZ_S) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
			-artifact_prefix=build/fuzz/found/$$target- build/fuzz/found/$$target tests/fuzz/corpus/$$target \
			>build/fuzz/$$target.log 2>&1 || { tail -n 40 build/fuzz/$$target.log; exit 1; }; \
		echo "$$target: $$(sed -n 's/^stat::number_of_executed_units: *//p' build/fuzz/$$target.log) cases, none failed"; done

bench: deps-check
	+$(Q)$(MAKE) -j$(JOBS) all $(BENCHES)
	$(Q)for bench in $(BENCHES) $(wildcard tests/bench/*.py); do echo "== $$bench"; ASSAY=$(CURDIR)/build/assay $$bench || exit 1; done

# One sweep by itself: make sweep-crash N=100000, sweep-power N=20 (seeds), sweep-faults, sweep-tamper N=20000 (tries).
.PHONY: sweep-crash sweep-power sweep-faults sweep-tamper
sweep-crash sweep-power sweep-faults sweep-tamper: sweep-%: $(B)/tests/fault/test_%
	$(Q)$< $(N)

.PHONY: coverage
coverage:
	+$(Q)$(MAKE) -j$(JOBS) MODE=cov tests
	$(Q)$(RUN) cov $(UNIT_C:tests/%.c=build/cov/tests/%)
	$(Q)sh tests/coverage.sh build/cov/obj

LIBDIR   := $(DESTDIR)$(PREFIX)/lib/assay
SHAREDIR := $(DESTDIR)$(PREFIX)/share
# A gateway left alone with a bad week: kills, unplugged instruments, a full disk, clock steps, slow browsers.
HOURS ?= 1
.PHONY: soak
soak: all
	$(Q)python3 tests/soak/soak.py $(HOURS) $(SEED)

.PHONY: install uninstall deb check-deb clean help
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(LIBDIR)/drivers $(SHAREDIR)/assay $(SHAREDIR)/doc/assay
	install -m 0755 $(B)/assay $(DESTDIR)$(PREFIX)/bin/assay
	install -m 0755 $(B)/assay-report $(LIBDIR)/assay-report
	install -m 0644 $(DRIVERS) $(LIBDIR)/drivers/
	find specs -type d -exec install -d $(SHAREDIR)/assay/{} \;
	find specs -type f -exec install -m 0644 {} $(SHAREDIR)/assay/{} \;
	install -m 0644 README.md ARCHITECTURE.md CHANGELOG.md SECURITY.md LICENSE $(SHAREDIR)/doc/assay/
	install -d $(SHAREDIR)/doc/assay/pictures
	install -m 0644 $(wildcard gateway/man/*.md) $(SHAREDIR)/doc/assay/
	install -m 0644 $(wildcard gateway/man/pictures/*) $(SHAREDIR)/doc/assay/pictures/
	for page in $(MANUALS); do install -D -m 0644 $$page $(SHAREDIR)/man/man$${page##*.}/$${page##*/}; done
uninstall:
	rm -rf $(DESTDIR)$(PREFIX)/bin/assay $(LIBDIR) $(SHAREDIR)/assay $(SHAREDIR)/doc/assay
	for page in $(MANUALS); do rm -f $(SHAREDIR)/man/man$${page##*.}/$${page##*/}; done
# Debian packages in build/deb: assay and assay-specs.
deb: all
	@sh tests/deps.sh dpkg-dev xz-utils
	$(call say,DEB,build/deb)
	+$(Q)bash packaging/deb.sh $(VERSION) $(CURDIR)/build/deb
# Install, upgrade with data, remove and purge in a fresh Debian 12 tree (needs root, debootstrap and a mirror).
check-deb: deb
	$(Q)bash tests/package/deb.sh
	$(Q)bash tests/package/boot.sh || [ $$? = 77 ]
clean:
	rm -rf build
help:
	@echo 'make run [DIR=d] [LISTEN=addr:port]  packages, build, demonstration laboratory with pages'
	@echo 'make check | check-full | check-bare packages, build, every test | long counts | in a fresh Debian tree'
	@echo 'make | debug | clang | asan | tsan | cov    builds'
	@echo 'make deps | deps-check               packages to build | to test'
	@echo 'make fuzz [FUZZ_S=60] | bench | coverage    fuzz targets | measurements | lines covered by the unit tests'
	@echo 'make format | check-gates            write the style | style and analysis gates'
	@echo 'make install [DESTDIR=] [PREFIX=/usr/local] | uninstall | clean'
	@echo 'make soak [HOURS=1] [SEED=n]         left alone with random faults; figures in build/soak/last.json'
	@echo 'make deb | check-deb                 Debian packages in build/deb | installed, removed and booted in a fresh tree'

-include $(shell find $(O) -name '*.d' 2>/dev/null)
