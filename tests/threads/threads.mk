# SPDX-License-Identifier: BSD-2-Clause
# The memory cores on several threads under ThreadSanitizer: a program that tests/unit/vmm_race_test.c runs.

RACE_SRC := $(call c_in,tests/threads vmm/core) tests/unit/vmm_threads_test.c tests/fuzz/fuzz.c tests/lib/panic.c \
  $(addprefix tests/unit/,vmm_world.c vmm_recount.c vmm_ghost.c vmm_hash.c bvt_recount.c)
FLAGS_race = $(COMMON) $(WARN) -O1 -D_GNU_SOURCE -fsanitize=thread -Wno-format-zero-length -Itests/fuzz/include -Iinclude -I.
race_objects = $(patsubst %,$(B)/race/%.o,$(RACE_SRC))

$(B)/race/%.c.o: %.c $(B)/flags/race
	$(call compile,RACE,race,$(TEST_FLAGS))
FLAGS_race_objects = $(RACE_SRC)
$(B)/tests/race: $(race_objects) $(B)/flags/race_objects
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -fsanitize=thread $(filter %.o,$^) -o $@

$(B)/tests/unit-vmm: $(B)/tests/race
