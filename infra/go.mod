module jari.example/infra

go 1.26.0

require jari.example/telemetry/names v0.0.0-00010101000000-000000000000

require golang.org/x/sync v0.24.0 // indirect

replace jari.example/telemetry/names => ../telemetry/names
