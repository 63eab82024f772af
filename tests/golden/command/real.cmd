# A program over real vectors as a transformer: report, verify, trace, its model read back.
work=$(mktemp -d)
cat >$work/centres.rasp <<'END'
param d: int = 2;
input x: vec[d];
input is_centre: bool;
c = x;
repeat 2 {
    near = best(select(is_centre, True, ==), -distance(c, x));
    owner = aggregate(near, indices);
    members = select(owner, indices, ==) and select(is_centre, False, ==);
    c = aggregate(members, x, c) if is_centre else c;
}
found = 1 / (indices - 1);
output c, owner;
END
cd $work
raspc report centres.rasp --max-len 8
raspc report centres.rasp --max-len 8 --json
raspc report centres.rasp -e 'select(is_centre, True, ==)' 2>&1; echo "status $?"
raspc verify centres.rasp --engine interp --samples 20 --max-len 9
raspc verify centres.rasp --engine interp --samples 20 --max-len 9 --json --seed 3
raspc verify centres.rasp -o found --engine interp --samples 5 --max-len 9
raspc dump --model centres.rasp --max-len 4 >centres.model
raspc dump --model centres.model | cmp - centres.model && echo same
raspc dump --model centres.rasp -o owner --max-len 4 --dtype f32 | head -1
sed 's/hardmax; indices/hardest; indices/' centres.model | raspc dump --model --from model -; echo "status $?"
data="-i x=[[0,0],[8,8],[1,0],[7,8]] -i is_centre=[true,true,false,false]"
raspc run centres.rasp $data --engine interp --trace
raspc run centres.rasp $data --engine interp --trace --json -o owner | head -c 330; echo
raspc run centres.rasp $data --engine interp -o found; echo "status $?"
cd - >/dev/null; rm -r $work
