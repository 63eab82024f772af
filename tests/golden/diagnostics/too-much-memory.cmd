awk "BEGIN { printf \"[0\"; for (i = 1; i < 200000; i++) printf \",%d\", i; print \"]\" }" | raspc run hist.rasp --engine eval -i -
