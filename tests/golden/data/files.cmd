raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*'
raspc run lloyd.rasp -i x=@points.json -i 'is_centre=true*2+false*'
raspc run lloyd.rasp -i x=- -i 'is_centre=true*2+false*' <points.csv
raspc run lloyd.rasp -i x=- -i 'is_centre=true*2+false*' <points.json
raspc run lloyd.rasp -i 'x=[[9,9]]+@points.csv+[[7,7]]' -i 'is_centre=true*1+false*+true*1' -o owner
