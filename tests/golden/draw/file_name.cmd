cd "$(mktemp -d)" && raspc draw -e length -i ab -i abc -i '"h<i"' && ls && rm -r "$PWD"
