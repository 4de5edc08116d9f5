// Package awsconf makes the AWS SDK's configuration, the same for every service:
// credentials from the SDK's default chain, the region from the service's flag,
// and timeouts that end a call before a diner's request ends.
package awsconf

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
)

// SDK is the endpoint value for AWS itself, at the SDK's default addresses.
const SDK = "aws"

// Valid reports whether endpoint is SDK or an http(s) URL.
func Valid(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return endpoint == SDK || err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// Load returns the configuration for region, with endpoint for every AWS service.
// It makes no call.
func Load(ctx context.Context, region, endpoint string) (aws.Config, error) {
	opts := []func(*config.LoadOptions) error{
		config.WithRegion(region),
		config.WithRetryMaxAttempts(2),
		config.WithHTTPClient(client()),
		// The SDK's own warnings are plain text between the JSON lines of stderr, and may
		// repeat what was sent. What matters is an error, too.
		config.WithLogger(logging.Nop{}),
		config.WithAPIOptions([]func(*middleware.Stack) error{addTracing}),
	}
	if endpoint != SDK {
		opts = append(opts, config.WithBaseEndpoint(endpoint))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return cfg, fmt.Errorf("load AWS configuration: %w", err)
	}
	return cfg, nil
}

// client is the SDK's own type, so that AWS_CA_BUNDLE and similar settings work.
// It keeps up to 32 idle connections to a host; Go's default is 2.
func client() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithTimeout(5 * time.Second).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = time.Second }).
		WithTransportOptions(func(t *http.Transport) { t.MaxIdleConnsPerHost = 32 })
}
