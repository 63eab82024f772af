raspc run requirement-of-inputs.rasp -i 'x=[1,2,3]'
raspc run requirement-of-inputs.rasp -i 'x=[1,-2,3]'
raspc run requirement-of-inputs.rasp -i 'x=[1,2]' --engine interp
raspc run requirement-of-inputs.rasp -i 'x=[1,2]' --engine jit --param k=1
raspc run requirement-of-inputs.rasp -i 'x=[0.1,1,1]' --json
raspc draw requirement-of-inputs.rasp -i 'x=[0.1,1,1]'
