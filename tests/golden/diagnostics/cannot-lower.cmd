raspc run -e 'tokens_int ^ tokens_int' --engine interp -i '[1, 2, 3]'
