package opensearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	os "github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/services/search/indexer"
)

// Checkpoints is the index that stores the checkpoint of every catalogue's index:
// one document each, whose id is the name of the index.
const Checkpoints = "jari-indexer-checkpoint"

// checkpointMapping disables dynamic mapping, which would add a field per shard id.
const checkpointMapping = `{
  "settings": {"number_of_shards": 1, "number_of_replicas": 0},
  "mappings": {"dynamic": "strict", "properties": {"position": {"type": "object", "enabled": false}}}
}`

type checkpointDoc struct {
	Position indexer.Position `json:"position"`
}

// Load implements indexer.Index.
func (x *Index) Load(ctx context.Context) (indexer.Position, error) {
	var found struct {
		Source checkpointDoc `json:"_source"`
	}
	req := opensearchapi.DocumentGetReq{Index: x.checkpoint, DocumentID: x.name()}
	err := call(ctx, x.client, "load checkpoint", http.MethodGet, req, &found)
	if r, ok := errors.AsType[responseError](err); ok && r.code == http.StatusNotFound {
		return indexer.Position{}, nil
	}
	return found.Source.Position, err
}

// Save implements indexer.Index.
func (x *Index) Save(ctx context.Context, p indexer.Position) error {
	body, err := json.Marshal(checkpointDoc{p})
	if err != nil {
		return fmt.Errorf("encode checkpoint: %w", err)
	}
	req := opensearchapi.IndexReq{Index: x.checkpoint, DocumentID: x.name(), Body: bytes.NewReader(body)}
	return call[os.NoBody](ctx, x.client, "save checkpoint", http.MethodPut, req, nil)
}

// deleteCheckpoint deletes the checkpoint, so that the next indexer rebuilds the
// index.
func (x *Index) deleteCheckpoint(ctx context.Context) error {
	req := opensearchapi.DocumentDeleteReq{Index: x.checkpoint, DocumentID: x.name()}
	err := call[os.NoBody](ctx, x.client, "delete checkpoint", http.MethodDelete, req, nil)
	if r, ok := errors.AsType[responseError](err); ok && r.code == http.StatusNotFound {
		return nil
	}
	return err
}
