# Tests: included by the Makefile.

.PHONY: check
check: ## run all tests
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all
