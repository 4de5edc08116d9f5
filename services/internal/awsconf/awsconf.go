// Package awsconf makes the AWS SDK's configuration the same way for every
// service: credentials come from the SDK's ordinary chain, the region from the
// service's own, and calls give up soon enough for a diner to be told.
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
	"github.com/aws/smithy-go/middleware"
)

// SDK as an endpoint means AWS itself, at the addresses the SDK knows.
const SDK = "aws"

// Valid reports whether endpoint may be given to Load.
func Valid(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return endpoint == SDK || err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// Load returns the configuration for region, calling endpoint for every
// service of AWS; it makes no call itself.
func Load(ctx context.Context, region, endpoint string) (aws.Config, error) {
	opts := []func(*config.LoadOptions) error{
		config.WithRegion(region),
		config.WithRetryMaxAttempts(2),
		config.WithHTTPClient(client()),
		config.WithAPIOptions([]func(*middleware.Stack) error{traced}),
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

// client is the SDK's own, so that AWS_CA_BUNDLE and the like keep working. It
// keeps connections to one host, where Go's default keeps two.
func client() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithTimeout(5 * time.Second).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = time.Second }).
		WithTransportOptions(func(t *http.Transport) { t.MaxIdleConnsPerHost = 32 })
}
