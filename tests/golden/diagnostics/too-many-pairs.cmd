awk 'BEGIN { printf "[0"; for (i = 1; i < 1000000; i++) printf ",%d", i; print "]" }' | raspc run --engine eval hist.rasp -i -
