raspc run hist.rasp -i hello -o hist --engine interp --trace
raspc run -e 'aggregate(select(indices, indices - 1, ==), tokens, "-")' -i abca -i ba --engine interp --trace
raspc run -e 'tokens' -i abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz --engine interp --trace
raspc run -e '1 / (count(tokens, "a") - 1)' -i ab --engine interp --trace; echo "status $?"
raspc run hist.rasp -i aab -o hist -e 'twice(hist)' -e table --engine interp --trace --json
raspc run hist.rasp -i aab --trace; echo "status $?"
