// Package awstest configures AWS for tests.
package awstest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"jari.example/internal/awsconf"
	"jari.example/telemetry/names/realpart"
)

// Config returns the configuration of the real part, or skips the test.
func Config(t *testing.T) aws.Config {
	t.Helper()
	endpoint := realpart.Need(t, realpart.AWS)
	t.Setenv("AWS_ACCESS_KEY_ID", "local")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "local")
	cfg, err := awsconf.Load(t.Context(), "ap-northeast-2", endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}
