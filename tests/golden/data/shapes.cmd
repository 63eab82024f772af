# data of the wrong shape
centres='is_centre=true*1+false*'
echo '1,2' >ragged.csv; echo '3' >>ragged.csv
raspc run lloyd.rasp -i x=@ragged.csv -i "$centres"
raspc run lloyd.rasp -i 'x=[[1,2],[3,4,5]]' -i "$centres"
raspc run lloyd.rasp -i x=@points.csv --param d=3 -i "$centres"
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=[true,false]'
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*9+false*'
raspc run lloyd.rasp -i x=@points.csv -i is_centre=@points.csv
raspc run lloyd.rasp -i 'x=[0,0]*' -i 'is_centre=true*'
raspc run lloyd.rasp -i 'x=[]' -i "$centres"
: >empty.csv
raspc run lloyd.rasp -i x=@empty.csv -i "$centres"
echo 'a,b' >empty.csv
raspc run lloyd.rasp -i x=@empty.csv -i "$centres"
raspc run lloyd.rasp -i x=@points.csv -i "$centres" --output owner=owner.npy
raspc run lloyd.rasp -i x=@owner.npy --param d=2 -i "$centres"
rm -f ragged.csv empty.csv owner.npy
