raspc compile -e 'selector_width(select(indices, indices, <) and select(tokens, "a", ==)) > 0' --vocab ab --max-len 8000 -o lens --layout transformer-lens
