raspc check --engine eval hist.rasp; echo "status $?"
raspc check --engine eval hist.rasp fails.rasp; echo "status $?"
raspc check --engine eval broken.rasp unchecked.rasp missing.rasp hist.rasp; echo "status $?"
raspc check --engine eval --json fails.rasp; echo "status $?"
