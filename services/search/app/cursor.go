package app

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"

	"jari.example/internal/fault"
	"jari.example/services/search"
)

// cursor is a page position in the form that clients get. Query ties it to its
// query, because a position in one result means nothing in another.
type cursor struct {
	Query uint32  `json:"o"`
	Score float64 `json:"s,omitempty"`
	ID    string  `json:"i"`
}

func fingerprint(q search.Query) uint32 {
	h := fnv.New32a()
	h.Write([]byte(q.Words + "\x00" + q.Cuisine))
	return h.Sum32()
}

func encodeCursor(q search.Query, at search.PagePosition) string {
	b, _ := json.Marshal(cursor{fingerprint(q), at.Score, at.ID}) // fails only for NaN, which no score is
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor returns fault.Invalid for a cursor of another query.
func parseCursor(q search.Query, s string) (search.PagePosition, error) {
	bad := fault.New(fault.Invalid, "bad_cursor", "The cursor does not belong to this list.").At("/cursor")
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return search.PagePosition{}, bad.Because(err)
	}
	var c cursor
	if err := json.Unmarshal(b, &c); err != nil {
		return search.PagePosition{}, bad.Because(err)
	}
	if c.Query != fingerprint(q) || !search.ValidID(c.ID) {
		return search.PagePosition{}, bad
	}
	return search.PagePosition{Score: c.Score, ID: c.ID}, nil
}
