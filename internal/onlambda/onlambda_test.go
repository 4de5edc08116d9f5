package onlambda_test

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/uuid"

	"jari.example/internal/awsconf/awstest"
	"jari.example/internal/onlambda"
	"jari.example/telemetry/names/realpart"
)

func TestSecretsOfAFunctionComeFromSecretsManager(t *testing.T) {
	client := secretsmanager.NewFromConfig(awstest.Config(t))
	made, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String("jari-test-" + uuid.NewString()), SecretString: aws.String("postgres://secret"),
	})
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{
		"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", "AWS_REGION": "ap-northeast-2", "AWS_ENDPOINT_URL": os.Getenv(realpart.AWS),
		"X_DATABASE_URL_SECRET_ARN": *made.ARN, "X_PLAIN": "plain", "X_PLAIN_SECRET_ARN": *made.ARN,
		"X_MISSING_SECRET_ARN": "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:nothing-abcdef",
	}
	lookup := func(name string) string { return vars[name] }
	getenv, failed := onlambda.Getenv(t.Context(), lookup)
	for name, want := range map[string]string{"X_DATABASE_URL": "postgres://secret", "X_PLAIN": "plain", "X_OTHER": ""} {
		if got := getenv(name); got != want || failed() != nil {
			t.Errorf("%s is %q, want %q; %v", name, got, want, failed())
		}
	}
	if got := getenv("X_MISSING"); got != "" || failed() == nil || !strings.Contains(failed().Error(), "X_MISSING_SECRET_ARN: ") {
		t.Errorf("a missing secret is %q, %v", got, failed())
	}
	delete(vars, "AWS_LAMBDA_RUNTIME_API")
	if getenv, failed := onlambda.Getenv(t.Context(), lookup); getenv("X_DATABASE_URL") != "" || failed() != nil {
		t.Error("outside of Lambda a secret was read")
	}
}
