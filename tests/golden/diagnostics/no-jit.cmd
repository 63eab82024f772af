alone=$(mktemp -d); cp "$(command -v raspc)" "$alone"; "$alone/raspc" run hist.rasp --engine jit -i hello; rm -r "$alone"
