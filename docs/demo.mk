# The demonstration and the pictures of the pages: included by the Makefile.

.PHONY: demo
demo: deps ## build, then show what raspc does on real input
	@$(MAKE) --no-print-directory all
	@RASPC=$(RASPC) tools/demo

.PHONY: pictures
pictures: all ## draw the pictures of docs/img anew
	$(RASPC) draw programs/counting/histogram.rasp -i hello --output docs/img/histogram.svg
	$(RASPC) draw programs/sorting/sort.rasp -i hello --output docs/img/sort.svg
	$(RASPC) draw programs/patterns/induction.rasp -i abcab --output docs/img/induction.svg
