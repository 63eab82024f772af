# sparsemax beside large scores, where 1 + z would be z
for engine in eval interp jit; do
    raspc run sparse.rasp -i 'x=[1,2,10000000000000000,10000000000000000]' --engine $engine
    raspc run sparse.rasp -i 'x=[100000000,100000000.25,5]' --engine $engine --json
done
raspc run sparse.rasp -i 'x=[40000000,20000000,40000000]' --engine interp --dtype f32
