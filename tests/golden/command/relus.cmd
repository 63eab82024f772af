# ReLUs alone: what report and verify say of the bound, the model read back, what is refused.
work=$(mktemp -d)
cat >$work/soft.rasp <<'END'
input x: vec[2];
input weight: float;
def clip(v, low, high) { return high - relu(high - low - relu(v - low)); }
near = clip(x, -1, 1);
mean = aggregate(softmax(-distance(near, near)), near);
share = exp(min(max(weight, -2), 2)) / 4;
output mean, share;
END
cd $work
raspc report soft.rasp --relu-only --max-len 8 | sed '/residual/,$d'
raspc report soft.rasp --relu-only --knots 16 --max-len 8 --json | tail -1 | grep -o '"exact.*'
raspc verify soft.rasp --relu-only --knots 16 --engine interp --samples 20 --max-len 8
raspc verify soft.rasp --relu-only --knots 16 --engine interp --samples 20 --max-len 8 --json
raspc dump --model soft.rasp --relu-only --knots 4 --max-len 2 >soft.model
raspc dump --model soft.model | cmp - soft.model && grep -n error soft.model
raspc compile soft.rasp --relu-only --knots 16 -o soft.npz
raspc report -e 'exp(x[0])' soft.rasp --relu-only | grep -A1 refused
raspc dump --model -o share soft.rasp --relu-only --max-len 2 --knots 3 | tail -1
echo 'input a: float; y = exp(a) + 1; output y;' >wild.rasp
raspc dump --model wild.rasp --relu-only; echo "status $?"
raspc report soft.rasp --knots 9; echo "status $?"
raspc report soft.rasp --relu-only --knots 1; echo "status $?"
raspc verify soft.rasp --relu-only --exact; echo "status $?"
# over tokens units are ReLUs anyway, and a tree or a graph has none
echo "y = indices + 1;" >tokens.rasp
for command in report verify "compile -o tokens.npz" "dump --model"; do raspc $command tokens.rasp --relu-only; echo "status $?"; done
for form in --tree --graph; do raspc dump $form soft.rasp --relu-only; echo "status $?"; done
raspc dump --model soft.model --knots 4 --relu-only; echo "status $?"
raspc dump --graph tokens.rasp --max-len 4; echo "status $?"
cd - >/dev/null; rm -r $work
