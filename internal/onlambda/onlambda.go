// Package onlambda lets a daemon be an AWS Lambda function, too: the same program, flags and
// variables (docs/decisions/0034).
package onlambda

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"jari.example/internal/awsconf"
)

// runtimeAPI is the variable in which Lambda tells the address of its runtime API.
const runtimeAPI = "AWS_LAMBDA_RUNTIME_API"

// Is reports whether the process is a function.
func Is(getenv func(string) string) bool { return getenv(runtimeAPI) != "" }

// Serve asks Lambda for invocations and calls handler with each. It does not return.
func Serve(ctx context.Context, handler any) {
	lambda.StartWithOptions(handler, lambda.WithContext(ctx))
}

// The variables of Lambda that say where it runs, and that replace AWS's address in a test.
const (
	region   = "AWS_REGION"
	endpoint = "AWS_ENDPOINT_URL"
	suffix   = "_SECRET_ARN"
)

// Getenv returns getenv with secrets. ECS puts secrets into variables, Lambda does not: where a
// variable NAME is empty and NAME_SECRET_ARN is not, its value is that secret of AWS Secrets
// Manager. Outside of Lambda it is getenv itself. failed returns the errors so far, which
// a variable cannot.
func Getenv(ctx context.Context, getenv func(string) string) (with func(string) string, failed func() error) {
	if !Is(getenv) {
		return getenv, func() error { return nil }
	}
	var failures []error
	with = func(name string) string {
		value, arn := getenv(name), getenv(name+suffix)
		if value != "" || arn == "" {
			return value
		}
		value, err := read(ctx, getenv, arn)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s%s: %w", name, suffix, err))
		}
		return value
	}
	return with, func() error { return errors.Join(failures...) }
}

func read(ctx context.Context, getenv func(string) string, arn string) (string, error) {
	at := getenv(endpoint)
	if at == "" {
		at = awsconf.SDK
	}
	cfg, err := awsconf.Load(ctx, getenv(region), at)
	if err != nil {
		return "", err
	}
	out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.SecretString), nil
}
