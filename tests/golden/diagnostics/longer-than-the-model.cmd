raspc run hist.rasp --engine interp --max-len 4 -i hello
