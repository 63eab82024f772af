raspc draw -e length -i ab -i abc --output both.svg
