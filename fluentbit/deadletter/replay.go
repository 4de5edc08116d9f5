package deadletter

import (
	"context"
	"fmt"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship"
)

// Summary is the result of a replay.
type Summary struct {
	Entries       int // read
	Created       int // documents created in their index
	AlreadyStored int // documents that were in their index already
	Removed       int // entries removed, because all their documents are stored
	Refused       int // entries refused again; they stay, with the new reason
	NotReplayable int // entries from which nothing can be created; they stay
}

// Replay creates the refused documents under their own indices and ids, and removes
// an entry once its documents are stored. An entry that is refused again stays, with
// the new reason. A replay may be interrupted at any time and repeated: a document
// that is stored already counts as success. After an error the remaining entries are
// unchanged. Replay calls progress after each page.
func (s Store) Replay(ctx context.Context, to *ship.Shipper, q Query, progress func(Summary)) (sum Summary, err error) {
	err = s.Each(ctx, q, func(entries []Entry) error {
		if err := s.replay(ctx, to, entries, &sum); err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		progress(sum)
		return nil
	})
	return sum, err
}

// replay replays one page of entries and adds the result to sum.
func (s Store) replay(ctx context.Context, to *ship.Shipper, entries []Entry, sum *Summary) error {
	var docs []record.Document
	entriesOf := map[string][]int{} // index and id of a document → the entries it comes from
	notReplayable := map[int]bool{}
	for i, e := range entries {
		own, problem := e.replayDocuments()
		notReplayable[i] = problem != ""
		for _, d := range own {
			entriesOf[key(d)] = append(entriesOf[key(d)], i)
		}
		docs = append(docs, own...)
	}
	res, refusals, err := to.Replay(ctx, docs)
	if err != nil {
		return err
	}
	refused := map[int]ship.Refusal{}
	for _, r := range refusals {
		for _, i := range entriesOf[key(r.Document)] {
			refused[i] = r
		}
	}
	var edits []edit
	for i, e := range entries {
		r, isRefused := refused[i]
		switch {
		case notReplayable[i]:
			sum.NotReplayable++
		case isRefused && e.Type == unreadable:
			sum.Refused++ // unchanged: its bytes must be kept
		case isRefused:
			sum.Refused++
			edits = append(edits, edit{e, record.DeadLetter(r.Document, r.Status, r.Type, r.Reason).Body})
		default:
			edits = append(edits, edit{entry: e})
		}
	}
	if err := s.apply(ctx, edits); err != nil {
		return err
	}
	sum.Entries += len(entries)
	sum.Created += res.Created
	sum.AlreadyStored += res.Duplicate
	for _, e := range edits {
		if e.body == nil {
			sum.Removed++
		}
	}
	return nil
}

func key(d record.Document) string { return d.Index + "/" + d.ID }
