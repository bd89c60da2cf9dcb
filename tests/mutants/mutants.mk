# SPDX-License-Identifier: BSD-2-Clause
# Breakages of a copy of the cores, and who notices: tests/mutants/mutants.sh.

.PHONY: mutants
mutants: $(B)/tests/unit-vmm $(B)/tests/race $(B)/tests/fuzz ## break a copy of the cores in many ways; which test catches each: docs/mutants.md
	@mkdir -p $(B)/mutants
	@printf '%s\n' $(call sane,$(sort $(UNIT_VMM_SRC) $(TEST_LIB_SRC) $(filter vmm/%,$(CORE_SRC)) \
	  $(call links_of,$(UNIT_VMM_SRC)))) >$(B)/mutants/unit.list
	@printf '%s\n' $(call fuzz_objects,$(FUZZ_SRC) $(FUZZ_ORACLE) $(FUZZ_CORES) tests/fuzz/replay_test.c) >$(B)/mutants/fuzz.list
	@printf '%s\n' $(race_objects) >$(B)/mutants/race.list
	$(Q)tests/mutants/mutants.sh $(B) $(T) docs/mutants.md
