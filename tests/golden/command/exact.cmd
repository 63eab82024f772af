raspc verify --exact exact.rasp
raspc verify --exact exact.rasp -o owner --samples 50 --seed 3 --max-len 5 --json
raspc verify --exact exact.rasp -i 'x=[[0,0],[1,0],[9,0],[5,5],[20,20]]' -i 'is_centre=true*3+false*'
raspc verify --exact exact.rasp --param rounds=1 --samples 20
raspc verify --exact -e 'exp(indices)'; echo "status $?"
raspc verify --exact exact.rasp -e 'aggregate(softmax(score(x, x, *)), x)'; echo "status $?"
raspc verify --exact exact.rasp -e 'x / 3 * 0.1'; echo "status $?"
raspc verify --exact exact.rasp -e '1 / x[0]' --samples 20; echo "status $?"
raspc verify --exact exact.rasp -e 'sum(x / x)' --samples 20; echo "status $?"
raspc verify --exact exact.rasp -e near; echo "status $?"
raspc verify --exact exact.rasp --max-len 0; echo "status $?"
raspc verify --exact exact.rasp --engine interp; echo "status $?"
raspc verify hist.rasp -i abc; echo "status $?"
