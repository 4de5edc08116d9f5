#!/usr/bin/env bash
# Proves that the committed generated files are what their generators make: it
# regenerates in place and compares, whether or not the tree is clean otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."
files=(telemetry/TELEMETRY.md fluentbit/ship/templates kibana/objects web/src/api/schema.gen.ts)
before=$(mktemp -d); trap 'rm -rf "$before"' EXIT
for f in "${files[@]}"; do mkdir -p "$before/$(dirname "$f")"; cp -r "$f" "$before/$f"; done
make --no-print-directory generate >/dev/null
for f in "${files[@]}"; do
  diff -r -u "$before/$f" "$f" >&2 || { echo "$f was not fresh; it has been regenerated now: commit it" >&2; exit 1; }
done
