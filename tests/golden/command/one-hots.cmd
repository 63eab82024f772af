# how many positions have vectors that are no numbers, and means of one-hots
for engine in eval interp jit; do
    for x in 0 1000; do raspc run one-hots.rasp -i "x=[$x]+0*8" --engine $engine; done
    raspc run one-hots.rasp -i 'x=[1]+0*3' -o lines -o far --engine $engine --output -
    raspc run one-hots.rasp -i 'x=[0,0]' -o tied --engine $engine
done
# a pattern's weights are called as it is
raspc run one-hots.rasp -i 'x=[1,2]' -o far -o lines --engine jit --explain
raspc run one-hots.rasp -i 'x=[1000,0]' -o lines; echo "status $?"
