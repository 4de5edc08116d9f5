#!/usr/bin/env bash
# Checks that the committed generated files are what `make generate` writes: it
# regenerates them in place and compares. Other changes in the tree do not matter.
set -euo pipefail
cd "$(dirname "$0")/.."
files=(telemetry/TELEMETRY.md fluentbit/ship/templates kibana/objects web/src/api/schema.gen.ts
  alerting/slos/vocabulary.yaml alerting/slos/vocabulary-metrics.yaml)
before=$(mktemp -d); trap 'rm -rf "$before"' EXIT
for f in "${files[@]}"; do mkdir -p "$before/$(dirname "$f")"; cp -r "$f" "$before/$f"; done
make --no-print-directory generate >/dev/null
for f in "${files[@]}"; do
  diff -r -u "$before/$f" "$f" >&2 || { echo "$f was out of date. It has been regenerated: commit it" >&2; exit 1; }
done
