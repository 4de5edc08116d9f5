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

// Decode reads a chunk of Fluent Bit: a sequence of MessagePack values in any of
// the shapes that its inputs produce. What cannot be read is returned as records of
// signal Unreadable between its intact neighbours, and the error describes it too.
// A truncated chunk keeps everything before the cut. The records have their ids.
//
// The texts of the records are parts of the chunk: a string is not copied, bytes once.
//
// Decode allocates at most a mebibyte and maxMemoryPerByte bytes per byte of the
// chunk, whatever sizes the chunk claims. Its documents may need more: each repeats
// its resource.
func Decode[Chunk string | []byte](chunk Chunk) ([]Record, error) { return decode(string(chunk)) }

func decode(chunk string) ([]Record, error) {
	d := decoder{}
	in := newReader(chunk)
	run, dead := -1, 0 // where a run of unreadable values begins, and its record; -1 outside of one
	endRun := func(end int) {
		if run >= 0 {
			d.records[dead].Unreadable.Raw = []byte(chunk[run:end])
		}
		run = -1
	}
	for {
		at := in.offset()
		v, err := in.next()
		if err == io.EOF {
			break
		}
		// MessagePack has no markers by which to find the next value. But a value
		// that is well-formed, and only not accepted, has an end.
		wellFormed := errors.Is(err, errDepth) || errors.Is(err, errKey)
		cut := err != nil && !(wellFormed && in.skip(at) == nil)
		d.received = time.Time{}
		if err == nil {
			err = d.decodeValue(v)
		}
		if err == nil {
			endRun(at)
		} else if run < 0 { // a run of garbage is one dead letter, not one per byte
			run, dead = at, len(d.records)
			d.addUnreadable(nil, fmt.Errorf("at byte %d of %d: %w", at, len(chunk), err))
		}
		if cut {
			break
		}
	}
	endRun(len(chunk))
	d.assignTimes()
	Identify(d.records)
	return d.records, errors.Join(d.errs...)
}

// maxMemoryPerByte is the memory that the worst chunk needs per byte: one of empty
// lists, maps and events, which are a byte each.
const maxMemoryPerByte = 512

type decoder struct {
	records  []Record
	errs     []error
	received time.Time // when the agent received the value being read, if known

	resource, scope map[string]any // of the OTLP logs that follow
}

func (d *decoder) addUnreadable(raw []byte, err error) {
	d.errs = append(d.errs, err)
	d.records = append(d.records, Record{
		Signal: Unreadable, Received: d.received, Unreadable: &UnreadableData{Reason: err.Error(), Raw: raw},
	})
}

// addUnreadablePart keeps an unreadable part of a readable value. A run of such
// parts is one dead letter, with the reason of the first.
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

// eachMap calls read for every map in list, which should be an array or nil.
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

// assignTimes gives a time to records that have none. Records without a time of
// receipt (metrics, protobuf traces) get the median time of the chunk, if most of
// the chunk is within maxSkew of it. The present time would not do: it would be
// another when the chunk is sent again.
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
	median, agreed := names.Undated, false
	if len(times) > 0 {
		slices.SortFunc(times, time.Time.Compare)
		median = times[len(times)/2] // of two the later one: prune deletes what is old
		far := 0
		for _, t := range times {
			if t.Sub(median).Abs() > maxSkew {
				far++
			}
		}
		agreed = 2*far < len(times)
	}
	for i := range d.records {
		r := &d.records[i]
		if t, _ := r.IndexTime(); t.IsZero() {
			r.Time = median
		} else if r.Received.IsZero() && agreed {
			r.Received = median
		}
	}
}

// decodeValue reads one value of the chunk.
func (d *decoder) decodeValue(v any) error {
	switch v := v.(type) {
	case map[string]any:
		switch {
		case v[keyResourceSpans] != nil:
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

// UnreadableChunk returns the record of a chunk that could not be decoded at all.
func UnreadableChunk(chunk []byte, reason string) []Record {
	d := decoder{}
	d.addUnreadable(chunk, errors.New(reason))
	d.assignTimes()
	Identify(d.records)
	return d.records
}
