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
	$(RASPC) run tests/golden/data/lloyd.rasp -i 'x=[[0,4],[1,0.5],[2,2],[3,4]]+@docs/examples/clusters.csv' \
	    -i 'is_centre=true*4+false*' --output $(BUILD)/out.csv --plot docs/img/kmeans.svg
	$(RASPC) run tests/golden/data/dynamics.rasp -i z0=@docs/examples/tokens.csv \
	    --output $(BUILD)/out.csv --plot docs/img/dynamics.svg
