# at the prompt a name is declared anew in place of what it was
printf '%s\n' 'input x: float;' 'set example [1, 2]' 'y = x + 1;' 'output y;' 'output y;' 'input x: float;' 'y;' 'input x: vec[2];' 'x([[1, 2]]);' 'param x: int = 3;' 'x;' | raspc
