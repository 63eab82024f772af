raspc draw -e length -i "$(printf '%065d' 0)"
