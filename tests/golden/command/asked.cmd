# the prompt asks what a program requires, wherever it applies something to an input
work=$(mktemp -d)
cd $work
raspc <<'END'
input x: float;
require x > 0, "numbers above 0";
set example [1, 2, 0]
y = log(x);
set example [1, 2]
y = log(x);
y([1, 0]);
softmax(score(x, x, *))([0]);
draw(y, [0, 1]);
check y([0]) == 1;
check y([1]) == [0];
y([1]);
END
ls
cd - >/dev/null; rm -r $work
