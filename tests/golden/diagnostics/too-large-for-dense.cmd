raspc run hist.rasp --engine interp --max-len 1000000 -i hello
