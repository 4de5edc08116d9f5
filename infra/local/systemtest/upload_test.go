package systemtest

import (
	"strings"
	"testing"

	"jari.example/internal/requestbody/uploadtest"
	"jari.example/telemetry/names/realpart"
)

// Through the edge and the gateway as they run, with their own time limits.
func TestABrokenUploadIsTheClientsFaultEverywhere(t *testing.T) {
	edge := strings.TrimPrefix(realpart.Need(t, realpart.Edge), "http://")
	for _, c := range uploadtest.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel() // three of them wait for the limit of 20 s
			c.Send(t, edge, "POST /v1/sessions HTTP/1.1\r\nx-region: KR\r\nContent-Type: application/json\r\n")
		})
	}
}
