package opensearch

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	os "github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/services/search/indexer"
)

// mapping defines how texts are analyzed. A change to it needs a new
// mappingVersion, because documents that are indexed keep their analysis.
//
//go:embed mapping.json
var mapping string

// mappingVersion is in the name of the index. After an upgrade the indexer finds no
// index of the new version, fills one while the old one is searched, and publishes
// it. Version 1 was analyzed for each language alone.
//
// A downgrade is not automatic: before an indexer of version 1 starts again, delete
// the index of version 2. That indexer would put the alias, through which it writes,
// on both, and OpenSearch refuses writes through an alias of two indices.
const mappingVersion = "-v2"

// Index is the index behind alias, written by one indexer.
type Index struct {
	client     *os.Client
	alias      string
	checkpoint string
}

var _ indexer.Index = (*Index)(nil)

// NewIndex returns the index behind alias. Its position is stored as a document in
// the index checkpoint.
func NewIndex(client *os.Client, alias, checkpoint string) *Index {
	return &Index{client, alias, checkpoint}
}

func (x *Index) name() string { return x.alias + mappingVersion }

// writer is the alias for writes. It exists exactly as long as the index: after the
// index was deleted, a write to its name would create one without our mapping.
func (x *Index) writer() string { return x.name() + "-writer" }

// Prepare implements indexer.Index: it creates the indices that are missing.
func (x *Index) Prepare(ctx context.Context) error {
	if err := x.create(ctx, x.checkpoint, checkpointMapping); err != nil {
		return err
	}
	found := opensearchapi.IndicesExistsReq{Indices: []string{x.name()}}
	err := call[os.NoBody](ctx, x.client, "look for index", http.MethodHead, found, nil)
	if r, ok := errors.AsType[responseError](err); ok && r.code == http.StatusNotFound {
		// A checkpoint of a deleted index would hide that the new one is empty. It
		// is deleted first, in case the next step fails.
		if err := x.deleteCheckpoint(ctx); err != nil {
			return err
		}
		err = x.create(ctx, x.name(), mapping)
	}
	if err != nil {
		return err
	}
	alias := opensearchapi.AliasPutReq{Indices: []string{x.name()}, Alias: x.writer()}
	return call[os.NoBody](ctx, x.client, "put alias", http.MethodPut, alias, nil)
}

// Publish implements indexer.Index: in one step the alias gets this index in place of
// those of other versions, which are deleted.
func (x *Index) Publish(ctx context.Context) error {
	if err := x.refresh(ctx); err != nil {
		return err
	}
	var behind map[string]json.RawMessage
	// Not of all indices: the server may know those of others, which this user may not see.
	get := opensearchapi.AliasGetReq{Indices: []string{x.alias + "-v*"}, Alias: []string{x.alias}}
	err := call(ctx, x.client, "get alias", http.MethodGet, get, &behind)
	if r, ok := errors.AsType[responseError](err); err != nil && !(ok && r.code == http.StatusNotFound) {
		return err
	}
	actions := []object{{"add": object{"index": x.name(), "alias": x.alias}}}
	for index := range behind {
		if index != x.name() && strings.HasPrefix(index, x.alias+"-v") {
			actions = append(actions, object{"remove_index": object{"index": index}})
		}
	}
	body, err := json.Marshal(object{"actions": actions})
	if err != nil {
		return fmt.Errorf("encode aliases: %w", err)
	}
	req := opensearchapi.AliasesReq{Body: bytes.NewReader(body)}
	return call[os.NoBody](ctx, x.client, "publish index", http.MethodPost, req, nil)
}

func (x *Index) create(ctx context.Context, index, body string) error {
	req := opensearchapi.IndicesCreateReq{Index: index, Body: strings.NewReader(body)}
	err := call[os.NoBody](ctx, x.client, "create index", http.MethodPut, req, nil)
	if exists(err) {
		return nil
	}
	return err
}

func exists(err error) bool {
	e, ok := errors.AsType[*os.StructError](err)
	return ok && e.Err.Type == "resource_already_exists_exception"
}

// Apply implements indexer.Index. A version conflict means that a newer version is
// indexed, and is no error. OpenSearch remembers a deleted document's version for
// a minute; versions are never reused, so a restaurant that is added again is
// newer than its removal.
func (x *Index) Apply(ctx context.Context, changes []indexer.Change) (rejected []indexer.Rejection, err error) {
	if len(changes) == 0 {
		return nil, nil
	}
	body, err := bulk(changes)
	if err != nil {
		return nil, err
	}
	var response struct {
		Items []map[string]struct {
			ID     string          `json:"_id"`
			Status int             `json:"status"`
			Error  json.RawMessage `json:"error"`
		} `json:"items"`
	}
	req := opensearchapi.BulkReq{Index: x.writer(), Body: body, Params: opensearchapi.BulkParams{RequireAlias: new(true)}}
	if err := call(ctx, x.client, "bulk", http.MethodPost, req, &response); err != nil {
		return nil, err
	}
	var unwritten indexer.UnwrittenError
	for _, item := range response.Items {
		for verb, r := range item {
			switch {
			case r.Status < 300, r.Status == http.StatusConflict, // a newer version is indexed
				r.Status == http.StatusNotFound && r.Error == nil: // deleted before
			case r.Status == http.StatusBadRequest:
				rejected = append(rejected, indexer.Rejection{ID: r.ID, Cause: errors.New(string(r.Error))})
			default: // 429 and 5xx are transient; the rest is the server's configuration
				unwritten.IDs = append(unwritten.IDs, r.ID)
				if unwritten.Cause == nil {
					unwritten.Cause = fmt.Errorf("bulk %s %s: status %d: %s", verb, r.ID, r.Status, r.Error)
				}
			}
		}
	}
	if unwritten.Cause != nil {
		return rejected, &unwritten
	}
	return rejected, nil
}

func bulk(changes []indexer.Change) (*bytes.Buffer, error) {
	b := new(bytes.Buffer)
	lines := json.NewEncoder(b)
	for _, c := range changes {
		verb := "index"
		if c.Restaurant == nil {
			verb = "delete"
		}
		meta := object{verb: object{"_id": c.ID, "version": c.Version, "version_type": "external_gte"}}
		if err := lines.Encode(meta); err != nil {
			return nil, fmt.Errorf("encode bulk: %w", err)
		}
		if c.Restaurant == nil {
			continue
		}
		if err := lines.Encode(newDocument(*c.Restaurant)); err != nil {
			return nil, fmt.Errorf("encode bulk: %w", err)
		}
	}
	return b, nil
}

// refresh makes all writes visible to searches.
func (x *Index) refresh(ctx context.Context) error {
	req := opensearchapi.IndicesRefreshReq{Index: []string{x.name()}}
	return call[os.NoBody](ctx, x.client, "refresh", http.MethodPost, req, nil)
}

const versionsPage = 1000

// Versions implements indexer.Index.
func (x *Index) Versions(ctx context.Context) (map[string]int64, error) {
	if err := x.refresh(ctx); err != nil {
		return nil, err
	}
	versions := map[string]int64{}
	query := object{"version": true, "_source": false, "size": versionsPage, "sort": []object{{"id": object{"order": "asc"}}}}
	for {
		body, err := json.Marshal(query)
		if err != nil {
			return nil, fmt.Errorf("encode query: %w", err)
		}
		var page struct {
			Hits struct {
				Hits []struct {
					ID      string `json:"_id"`
					Version int64  `json:"_version"`
				} `json:"hits"`
			} `json:"hits"`
		}
		req := opensearchapi.SearchReq{Indices: []string{x.name()}, Body: bytes.NewReader(body)}
		if err := call(ctx, x.client, "list versions", http.MethodPost, req, &page); err != nil {
			return nil, err
		}
		for _, h := range page.Hits.Hits {
			versions[h.ID] = h.Version
			query["search_after"] = []any{h.ID}
		}
		if len(page.Hits.Hits) < versionsPage {
			return versions, nil
		}
	}
}
