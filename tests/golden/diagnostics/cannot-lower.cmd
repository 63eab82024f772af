raspc run -e 'aggregate(full_s, tokens_float)' --engine interp -i '[0.5, 1.5]'
