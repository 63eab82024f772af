raspc draw -e length -i ab -i abc --svg both.svg
