# a param from the command line; the width from the data
raspc run lloyd.rasp -i 'x=[[0,0,0],[9,9,9],[1,0,0],[8,9,9]]' -i 'is_centre=true*2+false*'
raspc run lloyd.rasp -i 'x=[[0],[9],[1],[8]]' -i 'is_centre=true*2+false*'
raspc run lloyd.rasp -i 'x=[[0],[9],[1],[8]]' -i 'is_centre=true*2+false*' --param d=2
raspc run dynamics.rasp -i 'z0=[[1,0],[2,0]]' --param alpha=1 -o z
raspc run types.rasp -i 'v=[[1,2]]' -i f=1*1 -i i=1*1 -i b=true*1 -i s=x --param 'm=[[0,1],[1,0]]' --param 'w=[10,20]' --param greeting=ho
raspc run types.rasp -i 'v=[[1,2]]' -i f=1*1 -i i=1*1 -i b=true*1 -i s=x --param m=@points.csv
raspc run types.rasp -i 'v=[[1,2]]' -i f=1*1 -i i=1*1 -i b=true*1 -i s=x --param 'w=[1,2,3]'
raspc run types.rasp -i 'v=[[1,2]]' -i f=1*1 -i i=1*1 -i b=true*1 -i s=x --param 'greet=ho' --param 3
raspc run types.rasp -i 'v=[[1,2]]' --param 'v=[1,2]'
# what is made without data: a param's own value, or the one that is given
raspc report lloyd.rasp --max-len 8 | sed -n '3,4p'
raspc report lloyd.rasp --max-len 8 --param d=5 | sed -n '3,4p'
raspc report lloyd.rasp --max-len 8 --param d=5 --json | tail -1 | cut -c 1-66
raspc report lloyd.rasp --param e=5
raspc dump --graph lloyd.rasp --param d=5 | grep '"x"'
raspc dump --model lloyd.rasp --param d=5 --max-len 4 | grep 'x: vec'
raspc dump --tree lloyd.rasp >lloyd.tree
raspc dump --model lloyd.tree --param d=4 --max-len 4 | grep 'x: vec'
raspc dump --tree lloyd.rasp --param d=5
rm -f lloyd.tree
raspc verify lloyd.rasp --param d=1 --max-len 5 --samples 10
raspc verify lloyd.rasp --param d=0
raspc verify dynamics.rasp --param alpha=one
