# data of the wrong type
centres='is_centre=true*1+false*'
raspc run lloyd.rasp -i 'x=[[1,2],[3,"4"]]' -i "$centres"
raspc run lloyd.rasp -i 'x=[[1,2],[3,-Infinity]]' -i "$centres"
printf '1,2\n3,four\n' >bad.csv; raspc run lloyd.rasp -i x=@bad.csv -i "$centres"
printf '1,2\n3,nan\n' >bad.csv; raspc run lloyd.rasp -i x=@bad.csv -i "$centres"
printf '1,2\n3,\n' >bad.csv; raspc run lloyd.rasp -i x=@bad.csv -i "$centres"
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=[true,false,true,false,true,maybe]'
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=2*6'
raspc run types.rasp -i 'v=[[1,2]]' -i f=1*1 -i i=1.5*1 -i b=true*1 -i s=x
raspc run lloyd.rasp -i x=@points.dat -i "$centres"
raspc run lloyd.rasp -i x=@nowhere.csv -i "$centres"
raspc run lloyd.rasp -i x=@points.csv -i "$centres" --json --param d=1.5
rm -f bad.csv
