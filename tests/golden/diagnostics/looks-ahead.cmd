raspc run hist.rasp --engine interp --causal -i aab
raspc run -e 'average(tokens == "a")' --engine jit --causal -i aab
raspc run -e 'aggregate(not select(indices, indices - 1, ==), indices)' --engine interp --causal -i aab
raspc run -e 'aggregate(select(selector_width(select(tokens, tokens, ==) and select(indices, indices, <)), 0, ==), 1)' --engine interp --causal -i aab
raspc run hist.rasp --causal -i aab
