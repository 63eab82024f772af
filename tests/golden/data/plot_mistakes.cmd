raspc run ../output/json.rasp -i abc --plot out.svg
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' --plot out.svg --axes 0,2
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' --plot out.svg --axes 0
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' --plot no/such.svg -o owner
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' --plot out.png; echo "status $?"; ls out.png 2>/dev/null
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' --plot no.such/picture -o owner; echo "status $?"
raspc run lloyd.rasp -i x=@points.csv -i 'is_centre=true*2+false*' --plot /dev/null -o owner
