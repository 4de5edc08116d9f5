package httpjson_test

import (
	"testing"

	"jari.example/internal/requestbody/uploadtest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestABrokenUploadIsNotTheServicesFailure(t *testing.T) {
	rec := telemetrytest.Start(t)
	head := "POST /v1/orders HTTP/1.1\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\nJari-User-Id: u\r\nJari-User-Role: diner\r\n"
	uploadtest.Run(t, handler(t, routes(t, rec)), head, func(t *testing.T, c uploadtest.Case) {
		lines := rec.Lines(t, names.EventAccess)
		line := lines[len(lines)-1]
		if line[names.HTTPStatus] != float64(c.Status) || line[names.Reason] != c.Reason || line[names.HTTPBodyRead] != false ||
			line[names.SeverityText] != "INFO" {
			t.Errorf("the access log line has %v", line)
		}
	})
	if lines := rec.Lines(t, names.EventAccess); len(lines) != len(uploadtest.Cases) {
		t.Errorf("%d access log lines for %d requests", len(lines), len(uploadtest.Cases))
	}
	for _, line := range rec.Lines(t, "") {
		if line[names.SeverityText] != "INFO" {
			t.Errorf("%v", line)
		}
	}
}
