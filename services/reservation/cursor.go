package reservation

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
)

// cursor is p as a client holds it: microseconds and id, opaque.
func (p Position) cursor() string {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.Start.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(append(b, p.ID[:]...))
}

// parseCursor returns Invalid for what no cursor ever was; "" is the beginning.
func parseCursor(s string) (p Position, err error) {
	if s == "" {
		return p, nil
	}
	bad := fault.New(fault.Invalid, "bad_cursor", "The cursor does not belong to this list.").At("/cursor")
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 8+len(p.ID) {
		return p, bad
	}
	p.Start = time.UnixMicro(int64(binary.BigEndian.Uint64(b))).UTC()
	// Cursors that were made up may lie outside what PostgreSQL can compare.
	if y := p.Start.Year(); y < 2000 || y > 3000 {
		return p, bad
	}
	p.ID = uuid.UUID(b[8:])
	return p, nil
}
