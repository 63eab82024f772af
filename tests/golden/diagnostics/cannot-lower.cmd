raspc run -e 'aggregate(full_s, tokens_float)' --engine interp -i '[0.1, 0.2]'
