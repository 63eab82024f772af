raspc run types.rasp -i 'v=[[0,0],[1,2]]' -i 'f=[0.5,1]' -i 'i=[1,-2]' -i 'b=[true,0]' -i 's=["a","b"]'
raspc run types.rasp -i 'v=[0.5,0]*2' -i 'f=1*2' -i 'i=[1]+[2]' -i 'b=true*1+false*' -i s=xy --json
