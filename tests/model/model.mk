# SPDX-License-Identifier: BSD-2-Clause
# The model checker of the hypervisor's memory: the cores compiled for a world of tables with three entries.
#
#   MODEL_CORE=DIR        the cores from another tree, DIR ends in vmm/core (for mutants)
#   MODEL_DEPTH=n         operations in a row, for all scenarios; MODEL_SCENARIO=NAME for one of them
#   MODEL_SECONDS=n       stop after about so long

MODEL_CORE ?= vmm/core
export MODEL_DEPTH MODEL_SECONDS MODEL_SCENARIO

MODEL_CORE_SRC := $(addsuffix .c,dma domain event frame frame_pool grant image mmu)
MODEL_SRC      := $(filter-out %/main.c %/model_test.c,$(call c_in,tests/model))
MODEL_OBJ      := $(patsubst %,$(B)/model/core/%.o,$(MODEL_CORE_SRC)) $(patsubst tests/model/%,$(B)/model/%.o,$(MODEL_SRC))

FLAGS_model = $(COMMON) $(WARN) -D_GNU_SOURCE -DONE_CPU -DTABLE_ENTRIES=3u -DTABLE_GUEST=1u -DTABLE_UPPER=2u -DRUN_FRAMES=2u -DDMA_BITS=2u \
  -Iinclude -I$(MODEL_CORE)/../.. -I. $(if $(filter-out vmm/core,$(MODEL_CORE)),-Wno-error)
# By content: a mutant's file may be older than the object of the mutant before it.
FLAGS_model_core = $(shell cksum $(MODEL_CORE)/*.[ch])

$(B)/model/core/%.c.o: $(MODEL_CORE)/%.c $(B)/flags/model $(B)/flags/model_core
	$(call compile,MODEL,model)
$(B)/model/%.c.o: tests/model/%.c $(B)/flags/model
	$(call compile,MODEL,model,$(TEST_FLAGS))

$(B)/tests/model-check: $(MODEL_OBJ) $(B)/model/main.c.o
$(B)/tests/model: $(MODEL_OBJ) $(B)/model/model_test.c.o
FLAGS_model_objects = $(MODEL_OBJ)
$(B)/tests/model-check $(B)/tests/model: $(B)/flags/model_objects
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(filter %.o,$^) $(if $(filter %_test.c.o,$^),-lcriterion) -o $@

TESTS += $(B)/tests/model

.PHONY: model model-slice
model: $(B)/tests/model-check ## search all sequences of memory operations in a small world, MODEL_DEPTH=n MODEL_SECONDS=n
	$(Q)$<

model-slice: $(B)/tests/model-check ## the same to a small depth, in seconds; MODEL_CORE=DIR for other cores
	$(Q)$< slice
