module jari.example/alerting

go 1.26

require (
	jari.example/telemetry v0.0.0-00010101000000-000000000000
	jari.example/telemetry/names v0.0.0-00010101000000-000000000000
)

replace (
	jari.example/telemetry => ../telemetry
	jari.example/telemetry/names => ../telemetry/names
)
