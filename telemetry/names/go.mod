module jari.example/telemetry/names

go 1.26
