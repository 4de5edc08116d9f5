// Command jari-agent is the agent of one machine without Fluent Bit: an
// OpenTelemetry Collector with the few components Jari needs, whose exporter
// hosts the same record and ship packages as the Fluent Bit plugin.
//
// It is a module outside go.work: the Collector compiles only with an older
// OpenTelemetry than the services use.
//
//	GOWORK=off go build -o jari-agent .
//	jari-agent --config file:agent.yaml
//
// agent.yaml says which environment variables it reads.
package main

import (
	"log"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/healthcheckextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/filelogreceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/featuregate"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
)

// synchronousEmitter has followed lines handed to the queue before their place in the
// file is noted. By default they gather in memory for a tenth of a second after
// that, and a kill loses them: 98 of 3,000 lines in 3 kills.
const synchronousEmitter = "stanza.synchronousLogEmitter"

func main() {
	if err := featuregate.GlobalRegistry().Set(synchronousEmitter, true); err != nil {
		log.Fatal(err)
	}
	settings := otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "jari-agent", Description: "follows logs, takes OTLP, fills OpenSearch", Version: "1"},
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory(), envprovider.NewFactory()},
			DefaultScheme:     "env",
		}},
	}
	if err := otelcol.NewCommand(settings).Execute(); err != nil {
		log.Fatal(err)
	}
}

func factories() (f otelcol.Factories, err error) {
	f.Telemetry = otelconftelemetry.NewFactory()
	if f.Extensions, err = otelcol.MakeFactoryMap[extension.Factory](healthcheckextension.NewFactory(), filestorage.NewFactory()); err != nil {
		return f, err
	}
	if f.Receivers, err = otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory(), filelogreceiver.NewFactory()); err != nil {
		return f, err
	}
	f.Exporters, err = otelcol.MakeFactoryMap[exporter.Factory](newFactory())
	return f, err
}
