for file in never.png never.svg.gz /dev/null; do raspc draw -e length -i ab --output $file; echo "status $?"; done; ls never* 2>/dev/null
