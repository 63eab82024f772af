# what a program over tokens computes over real vectors: its report, and options that it can't have
mean='aggregate(softmax(score(indices, indices, *)), indices)'
try() { raspc "$@" 2>&1; echo "status $?"; }
try run -e "$mean" -i abc --engine interp
try run -e "$mean" -e indices -i abc --engine interp --trace
try run -e 'softmax(score(indices, indices, *))' -i abc --engine interp --trace --json
try run -e indices -i abc --engine interp --trace
try report -e "$mean" -e indices --max-len 4 --vocab ab | sed '/residual/,/^out2/{/^out2/!d;}'
try report -e "$mean" --max-len 4 --json
for engine in interp jit; do try run -e "$mean" -i abc --engine $engine --causal; done
try verify -e "$mean" --max-len 3 --vocab ab
try verify -e "$mean" --max-len 3 --vocab ab --causal
try report -e "$mean" --registers keep --why
try compile -e "$mean" -o mean.onnx --patterns
