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

// Store is the dead letters of an OpenSearch.
type Store struct {
	Client *opensearchapi.Client
	Prefix string // before every index name; for tests
}

// Query says which letters; the zero Query is all of them.
type Query struct {
	IDs   []string
	Since time.Time // of the refused event

	// Heads leaves the refused documents out.
	WithoutDocuments bool
}

// pageSize is how many letters are read at once; each may hold a line of 1 MiB.
const pageSize = 100

// Each calls do with all letters that q asks for, newest first, some at a time.
// It sees those that were there when it began, whatever do does to them.
func (s Store) Each(ctx context.Context, q Query, do func([]Entry) error) error {
	var filter []any
	if len(q.IDs) > 0 {
		filter = append(filter, map[string]any{"ids": map[string]any{"values": q.IDs}})
	}
	if !q.Since.IsZero() {
		filter = append(filter, map[string]any{"range": map[string]any{names.DocTime: map[string]any{"gte": q.Since.UTC().Format(time.RFC3339Nano)}}})
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
	const keep = 5 * time.Minute
	first, err := s.Client.Search(ctx, &opensearchapi.SearchReq{
		Indices: []string{s.Prefix + names.DeadLetterIndex + "*"}, Body: bytes.NewReader(body),
		Params: opensearchapi.SearchParams{Scroll: keep},
	})
	if err != nil {
		return fmt.Errorf("search dead letters: %w", err)
	}
	hits, scroll := first.Hits.Hits, first.ScrollID
	if scroll != nil {
		defer func() {
			_, _ = s.Client.Scroll.Delete(context.WithoutCancel(ctx), opensearchapi.ScrollDeleteReq{ScrollIDs: []string{*scroll}}) // it ends by itself, too
		}()
	}
	for len(hits) > 0 {
		letters := make([]Entry, len(hits))
		for i, h := range hits {
			letters[i] = entryOf(h.Index, h.ID, h.Source)
		}
		if err := do(letters); err != nil || scroll == nil {
			return err
		}
		next, err := s.Client.Scroll.Get(ctx, opensearchapi.ScrollGetReq{ScrollID: *scroll, Params: opensearchapi.ScrollGetParams{Scroll: keep}})
		if err != nil {
			return fmt.Errorf("search more dead letters: %w", err)
		}
		hits, scroll = next.Hits.Hits, next.ScrollID
	}
	return nil
}

// edit is one letter that goes (no body) or gets another body.
type edit struct {
	entry Entry
	body  []byte
}

// apply makes changes, which can be made again.
func (s Store) apply(ctx context.Context, changes []edit) error {
	if len(changes) == 0 {
		return nil
	}
	var b bytes.Buffer
	for _, c := range changes {
		verb := map[bool]string{true: "delete", false: "index"}[c.body == nil]
		head, err := json.Marshal(map[string]any{verb: map[string]any{"_index": c.entry.Index, "_id": c.entry.ID}})
		if err != nil {
			return err
		}
		b.Write(append(head, '\n'))
		if c.body != nil {
			b.Write(append(c.body, '\n'))
		}
	}
	// Searches of the next moment see it: an operator lists what is left.
	resp, err := s.Client.Bulk(ctx, opensearchapi.BulkReq{Body: &b, Params: opensearchapi.BulkParams{Refresh: "true"}})
	if resp == nil || len(resp.Items) != len(changes) {
		return errors.Join(errors.New("change dead letters: no answer for each"), err)
	}
	for _, item := range resp.Items {
		for _, it := range item {
			if it.Status >= 300 && it.Status != http.StatusNotFound { // somebody else has replayed it
				return fmt.Errorf("change dead letter %s: status %d", it.ID, it.Status)
			}
		}
	}
	return nil
}
