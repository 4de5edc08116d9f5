package dynamo_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/internal/awsconf"
	"jari.example/services/search"
	"jari.example/services/search/dynamo"
	"jari.example/services/search/dynamo/dynamotest"
	"jari.example/services/search/searchtest"
)

func name() string { return "jari-test-" + uuid.NewString()[:8] }

func TestCatalogue(t *testing.T) {
	cfg := dynamotest.Config(t)
	searchtest.Catalogue(t, func(t *testing.T) search.Catalogue {
		table := name()
		dynamotest.Table(t, cfg, table)
		return dynamo.NewCatalogue(cfg, table)
	})
}

func TestAMissingTableIsInternal(t *testing.T) {
	_, err := dynamo.NewCatalogue(dynamotest.Config(t), name()).Get(t.Context(), "mosu")
	if fault.CodeOf(err) != fault.Internal {
		t.Errorf("got %v, want internal", err)
	}
}

func TestARefusedConnectionIsUnavailableWithin3s(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "local")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "local")
	cfg, err := awsconf.Load(t.Context(), "ap-northeast-2", "http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err = dynamo.NewCatalogue(cfg, "any").Get(t.Context(), "mosu")
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v, want unavailable: connection refused", err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("took %v", took)
	}
}
