# --require: where a program has requirements, and refused where it could do nothing
work=$(mktemp -d)
cat >$work/asks.rasp <<'END'
input x: float;
require x > 0, "numbers above 0";
y = log(x);
output y;
END
echo 'input x: float; y = exp(x); output y;' >$work/takes_all.rasp
echo 'param k: int = 2; require k > 1; y = indices + k;' >$work/tokens.rasp
cd $work
try() { "$@" 2>&1; echo "${*#raspc }: status $?"; }
try raspc compile asks.rasp -o asks.onnx --require --max-len 4
for program in takes_all tokens; do
    try raspc compile $program.rasp -o $program.onnx --require
    try raspc report $program.rasp --require
    try raspc dump --model $program.rasp --require
done
try raspc compile -e 'indices + 1' -o next.rtm --require
try raspc report asks.rasp --require --max-len 4 | tail -3
raspc dump --model asks.rasp --require --max-len 4 >asks.model
grep trap asks.model
for form in --tree --graph; do try raspc dump $form asks.rasp --require; done
try raspc dump --model asks.model --require
ls
cd - >/dev/null; rm -r $work
