raspc report hist.rasp -o hist -o same --vocab ab --max-len 4 --why
raspc report -e 'sort(tokens, tokens)' --vocab ab --max-len 4 --json
raspc report hist.rasp -o table; echo "status $?"
raspc report -e 'tokens == "b" and shift(tokens, 1, "") == "a"' --vocab ab --max-len 4 --why
raspc report -e '1 / (indices - 1)' --vocab ab --max-len 4
raspc report -e '"é" if 1 / (indices - 1) > 0 else tokens' --vocab '["é", "b\n"]' --max-len 4 --json
raspc report -e 'aggregate(select(indices, indices, <=), indices / 3)' --vocab ab --max-len 4
raspc report -e 'aggregate(select(indices, indices, <=), indices / 3)' --vocab ab --max-len 4 --json --why; echo "status $?"
raspc report -e 'selector_width(select(tokens, tokens, ==))' --vocab ab --max-len 3000 | head -12
raspc report -e 'tokens' --vocab ab --max-len 0; echo "status $?"
