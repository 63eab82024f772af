# an engine that computes in floats gives the integer that eval gives, or says that it can't
for n in 3002399751580330 3002399751580331 9007199254740991 -9007199254740991 9007199254740992 9007199254740993; do
    for name in more less thrice sum; do
        for engine in eval jit interp; do raspc run whole.rasp -i "n=[$n,0]" -o $name --engine $engine 2>&1 | head -1; done
    done
done
for n in 4096 4097 16777215 16777216; do for name in more square last three; do for engine in eval 'interp --dtype f32'; do
    raspc run whole.rasp -i "n=[$n,-3]" -o $name --engine $engine 2>&1; done; done; done
for type in f64 f32; do for n in 16777216 16777217 9007199254740993 99999999999999999999; do
    raspc run whole.rasp -i n=$n -o less --engine interp --dtype $type 2>&1; done; done
# constants that are rounded are known before
printf 'input n: int; y = n == 16777217; z = indices * 8388609 + n; output y;' >/tmp/whole-$$.rasp
for name in y z; do raspc run /tmp/whole-$$.rasp -i 'n=[1,2,3,4]' -o $name --engine interp --dtype f32 2>&1 | head -1 | sed 's/.*rasp:/whole:/'; done
raspc run /tmp/whole-$$.rasp -i 'n=[1,2,3,4]' -o z --engine interp
rm /tmp/whole-$$.rasp
# an engine that can't tell is not an engine that fails
raspc check whole_square.rasp; echo "status $?"
raspc check whole_input.rasp; echo "status $?"
raspc run -e 'floor(exp(20 * selector_width(select(indices, indices, <=))))' -i ab --engine jit; echo "status $?"
printf 'input a: int; s = a; repeat 4 { s = s * s + 1; } output s;' >/tmp/whole-$$.rasp
raspc verify /tmp/whole-$$.rasp --dtype f32 --max-len 8; echo "status $?"
printf 'input a: int; y = (a * a + 16777216) %% 7; output y;' >/tmp/whole-$$.rasp
raspc verify /tmp/whole-$$.rasp --dtype f32 --max-len 4 --engine interp --json; echo "status $?"
rm /tmp/whole-$$.rasp
# a table's values, whatever its keys are; a step between constants; what floor gives; an inner loop, whose init grows; states that hand on what grows
chain='input n: int;'; for k in $(seq 20); do chain="$chain s$k = sign(n);"; done; chain="$chain repeat 33 {"
for k in $(seq 20 -1 2); do chain="$chain s$k = s$((k - 1));"; done; chain="$chain s1 = s1 * 3; } y = s20 * s20 * s20 * s20 % 10; output y;"
for program in 'input s: str; y = {"a": 16777217, "b": 1}[s] % 10; output y;' 'input n: int; y = 16777215 if n > 0 else -16777214; output y;' \
    'input n: int; y = {1: 16777217, 2: 0.5}[n]; output y;' 'input n: int; y = floor((n + 0.5) * 11184811) % 10; output y;' \
    'input n: int; s = sign(n); y = 0; repeat 30 { u = s; repeat 2 { y = y + u * u % 10; u = u % 7; } s = s * 3; } output y;' "$chain"; do
    printf %s "$program" >/tmp/whole-$$.rasp
    case $program in *str*) input=s=a ;; *) input=n=1 ;; esac
    for options in '--engine eval' '--engine interp' '--engine interp --dtype f32' '--engine jit'; do raspc run /tmp/whole-$$.rasp -i $input $options 2>&1 | head -1 | sed 's/.*rasp:/whole:/'; done
done
rm /tmp/whole-$$.rasp
