module jari.example/kibana

go 1.26.0

require (
	github.com/opensearch-project/opensearch-go/v4 v4.8.1
	go.yaml.in/yaml/v3 v3.0.5
	jari.example/telemetry/names v0.0.0-00010101000000-000000000000
)

require golang.org/x/sync v0.23.0 // indirect

replace jari.example/telemetry/names => ../telemetry/names
