# SPDX-License-Identifier: BSD-2-Clause
# Proofs of the cores with CBMC, fetched into the cache when it is missing.

.PHONY: proof
proof: ## prove post-conditions of the cores with CBMC; PROOF_OPTIONAL=1: not an error when that cannot be fetched
	$(Q)tests/proof/proof.sh
