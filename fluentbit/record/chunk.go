package record

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"jari.example/telemetry/names"
)

var errShape = errors.New("not a record of a known shape")

// Decode reads a chunk of Fluent Bit: a run of MessagePack values in any of the
// shapes that its inputs produce. What cannot be read comes back as records of
// signal Broken among its intact neighbours, and is also told by the error; a
// chunk that breaks off keeps everything before the break. The records are
// identified.
//
// It allocates at most a mebibyte and maxGrowth bytes per byte of the chunk,
// whatever the chunk claims to hold. Its documents may need more: each repeats
// its resource.
func Decode(chunk []byte) ([]Record, error) {
	d := decoder{}
	in := newReader(chunk)
	run := -1 // where the unreadable values begin that the last record holds
	for {
		at := in.offset()
		v, err := in.next()
		if err == io.EOF {
			break
		}
		// MessagePack has no marks to find the next value by, but one that is
		// refused and well-formed has an end.
		refused := errors.Is(err, errDepth) || errors.Is(err, errKey)
		cut := err != nil && !(refused && in.skip(at) == nil)
		d.received = time.Time{}
		if err == nil {
			err = d.decodeValue(v)
		}
		switch {
		case err == nil:
			run = -1
		case run >= 0: // garbage is one dead letter, not one per byte
			d.records[len(d.records)-1].Unreadable.Raw = chunk[run:in.offset()]
		default:
			run = at
			d.addUnreadable(chunk[at:in.offset()], fmt.Errorf("at byte %d of %d: %w", at, len(chunk), err))
		}
		if cut {
			d.records[len(d.records)-1].Unreadable.Raw = chunk[run:]
			break
		}
	}
	d.assignTimes()
	Identify(d.records)
	return d.records, errors.Join(d.errs...)
}

// maxMemoryPerByte is what the worst chunk needs per byte of it: one of empty lists,
// maps and events, which are a byte each.
const maxMemoryPerByte = 512

type decoder struct {
	records  []Record
	errs     []error
	received time.Time // of the value being read, if it says

	resource, scope map[string]any // of the OTLP logs that follow
}

func (d *decoder) addUnreadable(raw []byte, err error) {
	d.errs = append(d.errs, err)
	d.records = append(d.records, Record{Signal: Unreadable, Received: d.received, Unreadable: &UnreadableData{Reason: err.Error(), Raw: raw}})
}

// addUnreadablePart keeps a part of a readable value that is not readable itself. A run of
// such parts is one dead letter, with the reason of its first.
func (d *decoder) addUnreadablePart(v any, err error) {
	raw := appendValue(nil, v)
	if n := len(d.records); n > 0 {
		if b := d.records[n-1].Unreadable; b != nil && b.isParts {
			b.Raw = append(append(b.Raw, '\n'), raw...)
			return
		}
	}
	d.addUnreadable(raw, err)
	d.records[len(d.records)-1].Unreadable.isParts = true
}

// eachMap calls read for every object of list, an array or nothing.
func (d *decoder) eachMap(list any, read func(map[string]any)) {
	if list == nil {
		return
	}
	elements, ok := list.([]any)
	if !ok {
		d.addUnreadablePart(list, errShape)
		return
	}
	for _, e := range elements {
		if m, ok := e.(map[string]any); ok {
			read(m)
		} else {
			d.addUnreadablePart(e, errShape)
		}
	}
}

// assignTimes gives a time to what tells none, and to what does not tell when the agent
// got it (metrics, protobuf traces) the time that most of the chunk agrees on.
// Now would be another time when the chunk is sent again.
func (d *decoder) assignTimes() {
	if !slices.ContainsFunc(d.records, func(r Record) bool { return r.Received.IsZero() }) {
		return
	}
	times := make([]time.Time, 0, len(d.records))
	for i := range d.records {
		if t, _ := d.records[i].IndexTime(); !t.IsZero() {
			times = append(times, t)
		}
	}
	middle, most := names.Undated, false
	if len(times) > 0 {
		slices.SortFunc(times, time.Time.Compare)
		middle = times[len(times)/2] // of two the later one: prune deletes what is old
		far := 0
		for _, t := range times {
			if t.Sub(middle).Abs() > maxSkew {
				far++
			}
		}
		most = 2*far < len(times)
	}
	for i := range d.records {
		r := &d.records[i]
		if t, _ := r.IndexTime(); t.IsZero() {
			r.Time = middle
		} else if r.Received.IsZero() && most {
			r.Received = middle
		}
	}
}

// decodeValue reads one value of the chunk.
func (d *decoder) decodeValue(v any) error {
	switch v := v.(type) {
	case map[string]any:
		switch {
		case v["resourceSpans"] != nil:
			d.decodeSpans(v)
			return nil
		case v["metrics"] != nil:
			d.decodeMetrics(v)
			return nil
		}
	case []any:
		if len(v) == 2 {
			if body, ok := v[1].(map[string]any); ok {
				return d.decodeEvent(v[0], body)
			}
		}
	}
	return errShape
}

// UnreadableChunk is a chunk that as a whole could not be decoded.
func UnreadableChunk(chunk []byte, reason string) []Record {
	d := decoder{}
	d.addUnreadable(chunk, errors.New(reason))
	d.assignTimes()
	Identify(d.records)
	return d.records
}
