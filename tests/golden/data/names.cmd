# inputs that are missing, unknown, twice there or without a name
raspc run lloyd.rasp
raspc run lloyd.rasp -i x=@points.csv -i 'is_center=true*6'
raspc run lloyd.rasp -i x=@points.csv -i x=@points.csv -i 'is_centre=true*'
raspc run lloyd.rasp -i hello
raspc run ../output/json.rasp -i 'x=[1,2]'
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' -o near -o members
