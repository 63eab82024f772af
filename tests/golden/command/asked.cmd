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
# and not of an input that is declared anew
raspc <<'END'
input x: float;
input w: float;
require x > 0;
require w > 0;
x(x=[0]);
input x: vec[2];
x(x=[[0, 0]]);
w(w=[0]);
require x[0] > 0;
x(x=[[0, 0]]);
param x: int = 3;
w([1]);
END
ls
cd - >/dev/null; rm -r $work
