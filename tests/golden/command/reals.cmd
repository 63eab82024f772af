raspc check --engine eval reals.rasp names.rasp
