raspc compile -e 'aggregate(select(indices, indices % (length - count(tokens, "_")), ==), tokens)' --vocab 'ab_' --max-len 256 -o none
