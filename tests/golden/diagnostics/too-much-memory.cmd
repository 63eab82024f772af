awk 'BEGIN { printf "[0"; for (i = 1; i < 100000; i++) printf ",%d", i; print "]" }' | raspc run -e 'select(indices, indices, <)' -i -
