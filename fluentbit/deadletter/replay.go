package deadletter

import (
	"context"
	"fmt"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship"
)

// Summary is what a replay has come to.
type Summary struct {
	Entries       int // looked at
	Created       int // documents that are in their index now
	AlreadyStored int // documents that were there already
	Removed       int // letters that are no more, because all of them is stored
	Refused       int // letters that stay, with the new reason
	NotReplayable int // letters that stay because nothing can be created from them
}

// Replay creates the refused documents under their own indices and ids, and
// removes a letter once they are there. What is refused again stays, with the
// new reason. It can be ended at any moment and begun again: a document that is
// there already counts as created. After an error the rest is as it was.
// progress is called now and then.
func (s Store) Replay(ctx context.Context, to *ship.Shipper, q Query, progress func(Summary)) (sum Summary, err error) {
	err = s.Each(ctx, q, func(letters []Entry) error {
		if err := s.replay(ctx, to, letters, &sum); err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		progress(sum)
		return nil
	})
	return sum, err
}

func (s Store) replay(ctx context.Context, to *ship.Shipper, letters []Entry, sum *Summary) error {
	var docs []record.Document
	belongs := map[string][]int{} // index and id of a document → its letters
	var changes []edit
	again := map[int]ship.Refusal{}
	kept := map[int]bool{}
	for i, l := range letters {
		own, why := l.replayDocuments()
		kept[i] = why != ""
		for _, d := range own {
			belongs[key(d)] = append(belongs[key(d)], i)
		}
		docs = append(docs, own...)
	}
	res, refused, err := to.Replay(ctx, docs)
	if err != nil {
		return err
	}
	for _, r := range refused {
		for _, i := range belongs[key(r.Document)] {
			again[i] = r
		}
	}
	for i, l := range letters {
		r, isRefused := again[i]
		switch {
		case kept[i]:
			sum.NotReplayable++
		case isRefused && l.Type == unreadable:
			sum.Refused++ // its bytes must stay as they came
		case isRefused:
			sum.Refused++
			changes = append(changes, edit{l, record.DeadLetter(r.Document, r.Status, r.Type, r.Reason).Body})
		default:
			changes = append(changes, edit{entry: l})
		}
	}
	if err := s.apply(ctx, changes); err != nil {
		return err
	}
	sum.Entries += len(letters)
	sum.Created += res.Created
	sum.AlreadyStored += res.Duplicate
	for _, c := range changes {
		if c.body == nil {
			sum.Removed++
		}
	}
	return nil
}

func key(d record.Document) string { return d.Index + "/" + d.ID }
