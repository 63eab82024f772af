raspc run lloyd.rasp -i 'x=[[1,1],[3,3]]+@points.csv' -i 'is_centre=true*2+false*' --plot - --output owner=owner.csv; rm owner.csv
