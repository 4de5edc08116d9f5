package search

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"

	"jari.example/internal/fault"
)

// PagePosition is where a page ended: after the restaurant ID, whose match scored
// Score. Score is 0 in a list, which is ordered by id alone.
type PagePosition struct {
	Score float64
	ID    string
}

// cursor is a place as a client holds it. Of ties it to its question, because
// a place in one result means nothing in another.
type cursor struct {
	Query    uint32  `json:"o"`
	Score float64 `json:"s,omitempty"`
	ID    string  `json:"i"`
}

func (q Query) fingerprint() uint32 {
	h := fnv.New32a()
	h.Write([]byte(q.Words + "\x00" + q.Cuisine))
	return h.Sum32()
}

func (q Query) cursor(at PagePosition) string {
	b, _ := json.Marshal(cursor{q.fingerprint(), at.Score, at.ID}) // only a NaN could fail, and scores have none
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor returns fault.Invalid for a cursor that the same question did not give.
func (q Query) parseCursor(s string) (PagePosition, error) {
	bad := fault.New(fault.Invalid, "bad_cursor", "The cursor does not belong to this list.").At("/cursor")
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return PagePosition{}, bad.Because(err)
	}
	var c cursor
	if err := json.Unmarshal(b, &c); err != nil {
		return PagePosition{}, bad.Because(err)
	}
	if c.Query != q.fingerprint() || !ValidID(c.ID) {
		return PagePosition{}, bad
	}
	return PagePosition{c.Score, c.ID}, nil
}
