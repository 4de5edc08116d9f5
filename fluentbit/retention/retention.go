// Package retention deletes telemetry by age. It deletes whole indices, each by its
// full name, and only indices whose name is exactly one of ours.
package retention

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/telemetry/names"
)

// Index is an index that is older than the retention of its family.
type Index struct {
	Name       string
	LastDayEnd time.Time // end of the period that its name covers, or its creation if that is much earlier
	Docs       int64
	Bytes      int64
}

// maxLead is how long before the end of its day an index may be created: the day
// itself, and the day by which a record's time may differ from its agent's.
const maxLead = 48 * time.Hour

// Store gives access to the indices of an OpenSearch.
type Store struct {
	Client *opensearchapi.Client
	Prefix string // before every index name; for tests
}

// Expired returns the indices whose last day ended at least keep days before now,
// oldest first. keep is by the family's name (names.Index). Not included are families
// that are not in keep, indices whose name is not exactly one of the family, and the
// index of names.Undated. An index of a future day, from a sender with a wrong clock,
// ages from its creation.
func (s Store) Expired(ctx context.Context, keep map[string]int, now time.Time) ([]Index, error) {
	var expired []Index
	for _, family := range names.Indices {
		days, ok := keep[family.Name]
		if !ok {
			continue
		}
		all, err := s.Client.Cat.Indices(ctx, &opensearchapi.CatIndicesReq{
			Indices: []string{s.Prefix + family.Family + "*"},
			Params: opensearchapi.CatIndicesParams{
				Bytes: "b", ExpandWildcards: "all", H: []string{"index", "docs.count", "store.size", "creation.date"},
			},
		})
		if err != nil {
			return nil, fmt.Errorf("list the indices of %s: %w", family.Name, err)
		}
		for _, i := range all.Indices {
			own, ours := strings.CutPrefix(i.Index, s.Prefix)
			ended, exact := family.Ends(own)
			if created := time.UnixMilli(int64(i.CreationDate)).UTC(); ended.Sub(created) > maxLead && !family.Monthly {
				ended = created
			}
			if !ours || !exact || own == family.For(names.Undated) || now.Before(ended.AddDate(0, 0, days)) {
				continue
			}
			x := Index{Name: i.Index, LastDayEnd: ended}
			if i.DocsCount != nil { // absent for a closed index
				x.Docs = int64(*i.DocsCount)
			}
			if i.StoreSize != nil {
				x.Bytes, _ = strconv.ParseInt(*i.StoreSize, 10, 64)
			}
			expired = append(expired, x)
		}
	}
	slices.SortFunc(expired, func(a, b Index) int { return cmp.Or(a.LastDayEnd.Compare(b.LastDayEnd), cmp.Compare(a.Name, b.Name)) })
	return expired, nil
}

// Delete deletes one index by its name, never more.
func (s Store) Delete(ctx context.Context, i Index) error {
	if strings.ContainsAny(i.Name, "*,") || i.Name == "" || i.Name == "_all" {
		return fmt.Errorf("delete %q: not the name of one index", i.Name)
	}
	if _, err := s.Client.Indices.Delete(ctx, opensearchapi.IndicesDeleteReq{Indices: []string{i.Name}}); err != nil {
		return fmt.Errorf("delete %s: %w", i.Name, err)
	}
	return nil
}
