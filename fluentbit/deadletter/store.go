package deadletter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/telemetry/names"
)

// Store gives access to the dead letters of an OpenSearch.
type Store struct {
	Client *opensearchapi.Client
	Prefix string // before every index name; for tests
}

// Query selects entries; the zero Query selects all.
type Query struct {
	IDs   []string
	Since time.Time // time of the refused record

	// WithoutDocuments leaves the refused documents out of the entries.
	WithoutDocuments bool
}

// pageSize is how many entries are read at once. Each may hold a line of 1 MiB.
const pageSize = 100

// Each calls do with the entries of q, newest first, a page at a time. It iterates
// over the entries that exist when it begins, even if do changes them.
func (s Store) Each(ctx context.Context, q Query, do func([]Entry) error) error {
	var filter []any
	if len(q.IDs) > 0 {
		filter = append(filter, map[string]any{"ids": map[string]any{"values": q.IDs}})
	}
	if !q.Since.IsZero() {
		since := map[string]any{"gte": q.Since.UTC().Format(time.RFC3339Nano)}
		filter = append(filter, map[string]any{"range": map[string]any{names.DocTime: since}})
	}
	search := map[string]any{
		"size":  pageSize,
		"query": map[string]any{"bool": map[string]any{"filter": filter}},
		"sort":  []any{map[string]any{names.DocTime: map[string]any{"order": "desc", "unmapped_type": names.DateNanos}}},
	}
	if q.WithoutDocuments {
		search["_source"] = map[string]any{"excludes": []string{names.DocRefused, names.DocRefusedBase64}}
	}
	body, err := json.Marshal(search)
	if err != nil {
		return err
	}
	const scrollTTL = 5 * time.Minute
	first, err := s.Client.Search(ctx, &opensearchapi.SearchReq{
		Indices: []string{s.Prefix + names.DeadLetterIndex + "*"}, Body: bytes.NewReader(body),
		Params: opensearchapi.SearchParams{Scroll: scrollTTL},
	})
	if err != nil {
		return fmt.Errorf("search dead letters: %w", err)
	}
	hits, scroll := first.Hits.Hits, first.ScrollID
	if scroll != nil {
		defer func() {
			// It would also end by itself, after scrollTTL.
			_, _ = s.Client.Scroll.Delete(context.WithoutCancel(ctx), opensearchapi.ScrollDeleteReq{ScrollIDs: []string{*scroll}})
		}()
	}
	for len(hits) > 0 {
		entries := make([]Entry, len(hits))
		for i, h := range hits {
			entries[i] = entryOf(h.Index, h.ID, h.Source)
		}
		if err := do(entries); err != nil || scroll == nil {
			return err
		}
		next, err := s.Client.Scroll.Get(ctx, opensearchapi.ScrollGetReq{
			ScrollID: *scroll, Params: opensearchapi.ScrollGetParams{Scroll: scrollTTL},
		})
		if err != nil {
			return fmt.Errorf("search more dead letters: %w", err)
		}
		hits, scroll = next.Hits.Hits, next.ScrollID
	}
	return nil
}

// edit removes an entry (no body) or replaces its body.
type edit struct {
	entry Entry
	body  []byte
}

// apply makes the edits. It may be repeated.
func (s Store) apply(ctx context.Context, edits []edit) error {
	if len(edits) == 0 {
		return nil
	}
	var b bytes.Buffer
	for _, e := range edits {
		verb := map[bool]string{true: "delete", false: "index"}[e.body == nil]
		head, err := json.Marshal(map[string]any{verb: map[string]any{"_index": e.entry.Index, "_id": e.entry.ID}})
		if err != nil {
			return err
		}
		b.Write(append(head, '\n'))
		if e.body != nil {
			b.Write(append(e.body, '\n'))
		}
	}
	// Refresh, so that an operator's next list shows what is left.
	resp, err := s.Client.Bulk(ctx, opensearchapi.BulkReq{Body: &b, Params: opensearchapi.BulkParams{Refresh: "true"}})
	if resp == nil || len(resp.Items) != len(edits) {
		return errors.Join(errors.New("change dead letters: no response for each"), err)
	}
	for _, item := range resp.Items {
		for _, it := range item {
			if it.Status >= 300 && it.Status != http.StatusNotFound { // another replay has removed it
				return fmt.Errorf("change dead letter %s: status %d", it.ID, it.Status)
			}
		}
	}
	return nil
}
