module jari.example/fluentbit

go 1.26

require (
	jari.example/telemetry/names v0.0.0-00010101000000-000000000000
)

replace (
	jari.example/telemetry/names => ../telemetry/names
)
