# verify compares on inputs that hold what the program requires, and says how many it found none for
work=$(mktemp -d)
cd $work
head='input x: vec[2]; input weight: float; input kind: int; input is_centre: bool; input is_sink: bool;
points = select(is_centre or is_sink, False, ==);
y = total(points, weight) + kind + norm(x - aggregate(select(is_sink, True, ==), x));
z = total(points, weight) / kind + x - aggregate(select(is_sink, True, ==), x);'
wants='require has_focus(select(is_centre, True, ==)), "a centre";
require total(select(is_sink, True, ==), 1) == 1 and not (is_centre and is_sink), "one sink, no centre";
require weight >= 0, "weights of 0 or more";
require kind > 0, "kinds from 1 on";'
printf '%s\n' "$head" 'output y;' >all.rasp
printf '%s\n' "$head" "$wants" 'output y;' >some.rasp
printf '%s\n' "$head" "$wants" 'require norm(x) <= 1;' 'output z;' >fewer.rasp
printf '%s\n' "$head" 'require weight > weight, "nothing";' 'output z;' >none.rasp
try() { raspc "$@" 2>&1; echo "status $?"; }
try verify all.rasp --engine interp --samples 20 --max-len 9
try verify some.rasp --engine interp --samples 20 --max-len 9
try verify some.rasp --engine interp --samples 20 --max-len 9 --json
try verify none.rasp --engine interp --samples 20 --max-len 9
try verify none.rasp --engine interp --samples 20 --max-len 9 --json
# without a requirement kind is 0 now and then, and the division fails
printf '%s\n' "$head" 'output z;' >all.rasp
for program in all fewer none; do try verify --exact $program.rasp --samples 100 --max-len 9; done
try verify --exact fewer.rasp --samples 10 --max-len 9 --json
# given inputs are told of as run does
data="-i x=[[0,0],[0.5,0]] -i kind=[1,2] -i is_centre=[true,false] -i is_sink=[false,true]"
try verify --exact fewer.rasp $data -i 'weight=[1,2]'
for command in 'verify --exact' run; do try $command fewer.rasp $data -i 'weight=[1,-2]'; done
cd - >/dev/null; rm -r $work
