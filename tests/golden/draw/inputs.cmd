raspc draw ../../../programs/clustering/lloyd.rasp -o c -i 'y=[[0,1]]' --output never.svg
