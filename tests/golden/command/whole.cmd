# an engine that computes in floats gives the integer that eval gives, or says that it can't
for n in 3002399751580330 3002399751580331 9007199254740991 -9007199254740991 9007199254740992 9007199254740993; do
    for name in more less thrice sum; do
        for engine in eval jit; do raspc run whole.rasp -i "n=[$n,0]" -o $name --engine $engine 2>&1 | head -1; done
    done
done
for type in f64 f32; do for n in 16777216 16777217 9007199254740993 99999999999999999999; do
    raspc run whole.rasp -i n=$n -o less --engine interp --dtype $type 2>&1; done; done
