# the type of floats under each engine; where an engine that runs weights says what went wrong
for engine in eval interp jit; do raspc run floats.rasp -i 'x=[[0.1,0.2],[1,1],[0.1,0.3]]' --engine $engine --dtype f32 --json; done
for engine in interp jit; do raspc run floats.rasp -i 'x=[[1,0],[1e39,0]]' --engine $engine --dtype f32 2>&1; done
for engine in eval interp jit; do raspc run floats.rasp -i 'x=[[1e200,0],[1e200,1],[-1e200,1]]' --engine $engine -o near 2>&1; done
for engine in eval interp jit; do raspc run floats.rasp -i 'x=[[1e300,1e300],[1e10,1e300]]' --engine $engine -o mean 2>&1; done
