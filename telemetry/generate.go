package telemetry

//go:generate go run ./cmd/telemetrydoc TELEMETRY.md
