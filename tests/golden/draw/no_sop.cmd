raspc draw -e 3 -i ab
