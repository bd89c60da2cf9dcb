# SPDX-License-Identifier: BSD-2-Clause
# The router's core against nf_tables (docs/router.md, "The oracle"). Needs root and the Debian packages nftables,
# iproute2 and python3-scapy. ORACLE_RULESETS=n policies from ORACLE_SEED=n on; a fixed slice runs with `make test`.

ORACLE_RULESETS ?= 320
ORACLE_SEED     ?= 1

$(B)/oracle/core: $(call sane,tests/oracle/core.c $(call c_in,net/core) tools/lib/panic.c)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -fsanitize=address,undefined $^ -o $@

$(B)/tests/oracle: $(call host,tests/oracle/oracle_test.c) | $(B)/oracle/core $(B)/tools/cambium
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $^ -lcriterion -o $@

TESTS += $(B)/tests/oracle

.PHONY: test-oracle
test-oracle: $(B)/oracle/core $(B)/tools/cambium ## the router against nf_tables, where there is one; ORACLE_RULESETS=n ORACLE_SEED=n
	$(Q)test -x /usr/bin/python3 || { echo 'not run: python3 is missing'; exit 0; }; \
	  tests/oracle/oracle.py $(B) --seed $(ORACLE_SEED) --rulesets $(ORACLE_RULESETS) || test $$? = 77
