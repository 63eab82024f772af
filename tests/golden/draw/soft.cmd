raspc draw ../../../programs/clustering/soft.rasp -o c -i 'x=[[0,1],[0,-1],[1,0]]' -i 'is_centre=true*2+false*' --param rounds=1 --output -
