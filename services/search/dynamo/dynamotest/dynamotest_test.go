package dynamotest_test

import (
	"testing"

	"github.com/google/uuid"

	"jari.example/internal/awsconf/awstest"
	"jari.example/services/search/dynamo/dynamotest"
)

func TestATableIsMadeAndDroppedAlthoughAResponseIsLost(t *testing.T) {
	lossy := dynamotest.NewLossy(t)
	cfg, name := awstest.Config(t), "jari-test-"+uuid.NewString()
	for _, step := range []func(){
		func() { dynamotest.Table(t, cfg, name) },
		func() { dynamotest.Drop(t, cfg, name) },
		func() { dynamotest.Drop(t, cfg, name) }, // it is gone
		func() { dynamotest.Table(t, cfg, name) },
	} {
		before := lossy.Requests.Load()
		lossy.LoseNext()
		step()
		if n := lossy.Requests.Load() - before; n < 2 {
			t.Errorf("%d requests: no response was lost", n)
		}
	}
}
