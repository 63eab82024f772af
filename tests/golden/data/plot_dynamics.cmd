raspc run dynamics.rasp -i 'z0=[[1,0],[0.5,0.2],[0,1],[-1,-1],[-0.2,0.3]]' --plot - --output z=z.csv; rm z.csv
