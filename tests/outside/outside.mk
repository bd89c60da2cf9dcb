# SPDX-License-Identifier: BSD-2-Clause
# Scanners and testers against the running router (docs/router.md, "Looked at from outside"). Needs root and the Debian
# packages nmap, hping3, thc-ipv6 and coturn, which nothing else here needs.

.PHONY: outside
outside: $(B)/vmm.elf $(B)/outside/bundle.bin $(B)/tools/cambium ## nmap, hping3, thc-ipv6 and coturn against the router, where they are; PARTS="scan packets six nat"
	$(Q)tests/outside/outside.sh $(B) $(PARTS) || test $$? = 77

.PHONY: million
million: $(B)/vmm.elf $(B)/outside/bundle.bin $(B)/tools/cambium ## a million connections of one request each through the router; CONNECTIONS=n
	$(Q)tests/outside/outside.sh $(B) connections || test $$? = 77
