package dynamo_test

import (
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/awsconf"
	"jari.example/internal/awsconf/awstest"
	"jari.example/internal/fault"
	"jari.example/services/internal/endpoint"
	"jari.example/services/search"
	"jari.example/services/search/app"
	"jari.example/services/search/dynamo"
	"jari.example/services/search/dynamo/dynamotest"
	"jari.example/services/search/searchtest"
)

func name() string { return "jari-test-" + uuid.NewString()[:8] }

func TestCatalogue(t *testing.T) {
	cfg := awstest.Config(t)
	searchtest.Catalogue(t, func(t *testing.T) search.Catalogue {
		table := name()
		dynamotest.Table(t, cfg, table)
		return dynamo.NewCatalogue(cfg, table)
	})
}

func TestAWriteWhoseResponseIsLostIsNoConflictWithItself(t *testing.T) {
	lossy := dynamotest.NewLossy(t)
	cfg, table := awstest.Config(t), name()
	dynamotest.Table(t, cfg, table)
	catalogue := dynamo.NewCatalogue(cfg, table)
	r := search.Restaurant{ID: "mosu", Profile: searchtest.Profile()}
	for version := range int64(2) { // it is new, and it is changed
		r.Version = version + 1
		lossy.LoseNext()
		if err := catalogue.Put(t.Context(), r, version); err != nil {
			t.Errorf("version %d, written twice by the SDK: %v", r.Version, err)
		}
	}
	if err := catalogue.Put(t.Context(), r, 1); err != nil {
		t.Errorf("the same restaurant again: %v", err)
	}
	r.Price++
	if err := catalogue.Put(t.Context(), r, 1); !errors.Is(err, search.ErrChanged) {
		t.Errorf("another restaurant on an old version: %v", err)
	}
}

// DynamoDB refuses numbers below 1E-130 and with more than 38 digits.
func TestStoresEveryLocationThatTheAPIAccepts(t *testing.T) {
	cfg, table := awstest.Config(t), name()
	dynamotest.Table(t, cfg, table)
	service := app.New(dynamo.NewCatalogue(cfg, table), nil, time.Now, slog.New(slog.DiscardHandler))
	operator := endpoint.WithIdentity(t.Context(), endpoint.Identity{UserID: "x", Role: endpoint.RoleOperator})
	for lat, want := range map[float64]float64{
		1e-200: 0, -1e-200: 0, 5e-324: 0, 37.123456789012345: 37.1234568, -0.00000004: 0, 90: 90, -90: -90, 0.1: 0.1,
	} {
		p := searchtest.Profile()
		p.Location = &search.Location{Lat: &lat, Lon: new(126.97796919999999)}
		put, err := service.Put(operator, app.PutRequest{ID: "mosu", Profile: p})
		if err != nil {
			t.Errorf("%g: %v", lat, err)
			continue
		}
		got, err := service.Get(t.Context(), app.GetRequest{ID: "mosu"})
		if err != nil || *got.Location.Lat != want || math.Signbit(*got.Location.Lat) != math.Signbit(want) || *got.Location.Lon != 126.9779692 {
			t.Errorf("%g: got %+v, %v", lat, got.Location, err)
		}
		again, err := service.Put(operator, app.PutRequest{ID: "mosu", Profile: p})
		if err != nil || again.Restaurant.Version != put.Restaurant.Version {
			t.Errorf("%g: the same profile again made another version: %v", lat, err)
		}
	}
}

func TestAMissingTableIsInternal(t *testing.T) {
	_, err := dynamo.NewCatalogue(awstest.Config(t), name()).Get(t.Context(), "mosu")
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
