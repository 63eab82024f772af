# data that contradict a program of programs/: an error with a place, or the result that its text promises
run() { program=../../../programs/$1.rasp; shift; raspc run "$program" "$@" 2>&1 | cut -c 1-160; }
six='x=[[0,0],[5,5],[9,0],[1,0],[5,6],[8,1]]'
three='is_centre=true*3+false*'
# more centres than k
for program in em_diagonal em_full em_hard em_means em_spherical em_weights fuzzy kmedians soft; do
    run clustering/$program -i "$six" -i "$three" 2>&1 | head -1
done
run clustering/soft -i "$six" -i "$three" -o y
run clustering/soft -i "$six" -i "$three" -o y --engine interp
run clustering/soft -i "$six" -i "$three" -o y --engine jit
run clustering/soft -i "$six" -i "$three" -o y --param k=3 --param rounds=1
run clustering/lloyd_dot -i "$six" -i "$three" -o y --param k=2
run clustering/lloyd_relu -i "$six" -i "$three" -o y --param k=2
run clustering/lloyd_binary -i "$six" -i "$three" -o y --param bits=1
raspc draw ../../../programs/clustering/soft.rasp -i "$six" -i "$three" -o c --output -
# fewer than k: the rest have nobody, but fuzzy would take them to be at the origin
run clustering/soft -i "$six" -i 'is_centre=true+false*' -o y --param k=3
run clustering/fuzzy -i "$six" -i 'is_centre=true+false*' -o y
# k = 0, k more than there are positions
run clustering/soft -i "$six" -i "$three" --param k=0
run clustering/soft -i 'x=[[0,0],[1,1]]' -i 'is_centre=true+false*' --param k=9 -o y
# no centre, no point
for program in em_softmax kernel kmedoids kmedoids_random lloyd robust spherical trimmed trimmed_quantile trimmed_sink weighted; do
    more=
    grep -q 'input is_sink' ../../../programs/clustering/$program.rasp && more='-i is_sink=true+false*'
    grep -q 'input noise' ../../../programs/clustering/$program.rasp && more='-i noise=0.5*'
    grep -q 'input weight' ../../../programs/clustering/$program.rasp && more='-i weight=1*'
    run clustering/$program -i "$six" -i 'is_centre=false*' $more | head -1
done
run clustering/em_means -i "$six" -i 'is_centre=false*' | head -1
run clustering/em_weights -i 'x=[[0,0],[5,5]]' -i 'is_centre=true*' | head -1
run clustering/lloyd -i 'x=[[0,0],[5,5]]' -i 'is_centre=true*'
run clustering/lloyd -i 'x=[[1,2]]' -i 'is_centre=[true]'
# what else a program takes
run clustering/trimmed_sink -i "$six" -i 'is_centre=true+false*' -i 'is_sink=false*' | head -1
run clustering/em_softmax -i "$six" -i 'is_centre=true+false*' -i 'is_sink=true+false*' | head -1
run clustering/spherical -i "$six" -i "$three" | head -1
run clustering/weighted -i "$six" -i "$three" -i 'weight=1*5+[-1]' | head -1
run clustering/kmedoids_random -i "$six" -i "$three" -i 'noise=7*' | head -1
run clustering/lloyd_relu -i "$six" -i "$three" --param bound=8 | head -1
run clustering/lloyd_paper -i "$six" -i 'id=[[1,0],[0,2],[0,0]]+[0,0]*' --param k=2 | head -1
run clustering/lloyd_paper -i "$six" -i 'id=[0,0]*' | head -1
run clustering/hardmax_dynamics -i 'x=[[1,2,3]]' --param 'A=[[1,0],[0,1]]' | head -1
run clustering/leaders -i 'x=[[1,2]]' --param d=3 | head -1
run simulator/attention -i 'v=1*9' | head -1
run simulator/attention -i 'v=1*37' | head -1
# the same position twice, numbers that are as large as can be
run clustering/lloyd -i 'x=[1,1]*4' -i 'is_centre=true*2+false*'
run clustering/lloyd -i 'x=[[1e308,-1e308],[-1e308,1e308],[3,3]]' -i 'is_centre=true*2+false*'
run clustering/soft -i 'x=[[1e308,-1e308],[-1e308,1e308],[3,3]]' -i 'is_centre=true*2+false*' | head -1
