# SPDX-License-Identifier: BSD-2-Clause
# Fuzz targets: libFuzzer (clang) for `make fuzz`, and a fixed slice in a Criterion program for `make test`.
# FUZZ_SECONDS=n per target; FUZZ_TARGETS="mmu grant" for some; FUZZ_CORE=DIR another tree's vmm/core (for mutants).

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= mmu grant memory event acpi memmap bundle plan control image ring bvt rules_text rules_table packet manage unit handover fragment dns dhcp relay lookup
FUZZ_SEED    ?= 1

FUZZ_SRC    := $(filter-out tests/fuzz/libfuzzer.c tests/fuzz/replay_test.c,$(call c_in,tests/fuzz))
FUZZ_ORACLE := $(addprefix tests/unit/vmm_,world.c recount.c ghost.c hash.c) tests/unit/bvt_recount.c tests/unit/net_fragment_recount.c tests/lib/panic.c tests/lib/acpi_tables.c tests/lib/dns_support.c
FUZZ_CORES  := $(call c_in,vmm/core efi/machine drivers/ring) $(addprefix drivers/net/,cut.c gso.c join.c) $(addprefix unikernel/control/core/,bundle_check.c \
  plan_check.c plan_net6.c device_area.c image.c) $(call c_in,net/core) $(sort $(wildcard apps/services/dns_*.c apps/services/dhcp_*.c unikernel/core/dns_*.c)) \
  $(filter-out %/main.c %/rules_command.c %/rules_live.c,$(CAMBIUM_SRC))

# The oracle's assertions are the fuzzer's own here; runs of 8 frames, so that a small world has some.
FUZZ_WORLD := -DTABLE_ENTRIES=512u -DTABLE_GUEST=255u -DTABLE_UPPER=256u -DRUN_FRAMES=8u
FUZZ_FLAGS := -Itests/fuzz/include $(FUZZ_WORLD) $(TEST_FLAGS)

FLAGS_fuzz = $(filter-out -MD -MP,$(FLAGS_host)) -g1 -fno-omit-frame-pointer -fsanitize=address,undefined \
  -fno-sanitize-recover=all -Wno-format-zero-length
# Operands of comparisons help where bytes are parsed, not where operations are chosen.
fuzz_cmp = $(if $(filter-out %boot_check.c,$(filter tests/fuzz/vmm_% vmm/core/%,$<)),-fno-sanitize-coverage=trace-cmp)
# What neither depends on the size of that world nor asserts is as in the unit tests.
fuzz_own     = $(filter tests/fuzz/% tests/unit/% vmm/%,$(1))
fuzz_objects = $(patsubst %,$(B)/fuzz/%.o,$(call fuzz_own,$(1))) \
  $(call sane,$(filter-out $(call fuzz_own,$(1)),$(1)))

$(B)/fuzz/tests/fuzz/replay_test.c.o: tests/fuzz/replay_test.c $(B)/flags/fuzz
	$(call say,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(FLAGS_fuzz) -MD -MP $(TEST_FLAGS) -c $< -o $@
$(B)/fuzz/%.c.o: %.c $(B)/flags/fuzz
	$(call say,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(FLAGS_fuzz) -MD -MP $(FUZZ_FLAGS) -c $< -o $@
# The oracle is no subject of the search: without instrumentation it is many times faster.
$(B)/fuzz-clang/tests/unit/%.c.o: tests/unit/%.c $(B)/flags/fuzz
	$(call say,CLANG,$@)
	@mkdir -p $(@D)
	$(Q)clang $(FLAGS_fuzz) -MD -MP -fno-sanitize=all -O3 $(FUZZ_FLAGS) -c $< -o $@
$(B)/fuzz-clang/%.c.o: %.c $(B)/flags/fuzz
	$(call say,CLANG,$@)
	@mkdir -p $(@D)
	$(Q)clang $(FLAGS_fuzz) -MD -MP -fsanitize=fuzzer-no-link $(fuzz_cmp) $(FUZZ_FLAGS) -c $< -o $@

$(B)/tests/fuzz: $(call fuzz_objects,$(FUZZ_SRC) $(FUZZ_ORACLE) $(FUZZ_CORES) tests/fuzz/replay_test.c)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -fsanitize=address,undefined $^ -lcriterion -o $@

$(B)/fuzz/libfuzzer: $(patsubst %,$(B)/fuzz-clang/%.o,$(FUZZ_SRC) $(FUZZ_ORACLE) $(FUZZ_CORES) tests/fuzz/libfuzzer.c)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)clang -fsanitize=fuzzer,address,undefined $^ -o $@

TESTS += $(B)/tests/fuzz

.PHONY: fuzz
fuzz: $(B)/fuzz/libfuzzer ## search with libFuzzer, FUZZ_SECONDS=60 for each of FUZZ_TARGETS
	$(Q)tests/fuzz/fuzz.sh $< $(B)/fuzz/run $(FUZZ_SECONDS) $(FUZZ_SEED) $(FUZZ_TARGETS)
