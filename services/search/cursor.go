package search

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"

	"jari.example/internal/fault"
)

// PagePosition is where a page ended: after the restaurant ID with score Score.
// Score is 0 in a list, which is ordered by id only.
type PagePosition struct {
	Score float64
	ID    string
}

// cursor is a page position in the form that clients get. Query ties it to its
// query, because a position in one result means nothing in another.
type cursor struct {
	Query uint32  `json:"o"`
	Score float64 `json:"s,omitempty"`
	ID    string  `json:"i"`
}

func (q Query) fingerprint() uint32 {
	h := fnv.New32a()
	h.Write([]byte(q.Words + "\x00" + q.Cuisine))
	return h.Sum32()
}

func (q Query) cursor(at PagePosition) string {
	b, _ := json.Marshal(cursor{q.fingerprint(), at.Score, at.ID}) // fails only for NaN, which no score is
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor returns fault.Invalid for a cursor of another query.
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
