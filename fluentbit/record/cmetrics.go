package record

import (
	"errors"
	"math"
	"time"

	"jari.example/telemetry/names"
)

// cmCounter is cmetrics' type of a sum. cmetrics does not say whether it is monotonic.
const cmCounter = 0

var (
	errMetricName = errors.New("a metric without a name")
	errPointValue = errors.New("a metric point without a value")
)

// decodeMetrics reads a value of cmetrics: metric families, each with its points.
func (d *decoder) decodeMetrics(chunk map[string]any) {
	meta := mapAt(chunk, "meta")
	external := mapAt(meta, "external")
	scope := mapAt(external, "scope")
	shared := Record{
		Signal:   Metric,
		Resource: attributes(mapAt(external, "resource")[keyAttributes]),
		Scope:    attributes(scope[keyAttributes]),
	}
	if name := scalarText(mapAt(scope, "metadata")["name"]); name != "" {
		shared.Scope[names.ScopeName] = name // or equal points of two libraries would get one id
	}
	static, _ := mapAt(meta, "processing")["static_labels"].([]any)
	for _, l := range static { // labels of every point, set by the agent's own inputs
		if kv, ok := l.([]any); ok && len(kv) == 2 && scalarText(kv[0]) != "" {
			shared.Resource[scalarText(kv[0])] = kv[1]
		}
	}
	d.eachMap(chunk["metrics"], func(family map[string]any) {
		meta := mapAt(family, "meta")
		opts := mapAt(meta, "opts")
		point := PointData{Name: familyName(opts), Type: pointType(meta["type"]), Unit: scalarText(opts["unit"])}
		if point.Name == "" {
			d.addUnreadablePart(family, errMetricName)
			return
		}
		labels, _ := meta["labels"].([]any)
		d.eachMap(family["values"], func(value map[string]any) {
			r := shared
			r.Attributes = labelAttributes(labels, value["labels"])
			if !d.decodePoint(value, r, point) {
				d.addUnreadablePart(value, errPointValue)
			}
		})
	})
}

// labelAttributes pairs the names of a family's labels with those of one value.
func labelAttributes(keys []any, values any) map[string]any {
	list, _ := values.([]any)
	own := make(map[string]any, min(len(keys), len(list)))
	for i, v := range list[:min(len(keys), len(list))] {
		if label := scalarText(v); label != "" {
			own[scalarText(keys[i])] = label
		}
	}
	return own
}

// Dimensions converts the attributes of a metric point to the form that both agents
// write: text, because cmetrics has nothing else, and without empty values. It
// changes the map in place.
func Dimensions(attributes map[string]any) map[string]any {
	for k, v := range attributes {
		switch v := v.(type) {
		case string:
		case nil, []any, map[string]any, []byte:
			attributes[k] = string(appendValue(nil, v))
		default:
			attributes[k] = scalarText(v)
		}
		if v == nil || attributes[k] == "" {
			delete(attributes, k)
		}
	}
	return attributes
}

// decodePoint reads one point of a family; ok is false if it has no value.
func (d *decoder) decodePoint(value map[string]any, r Record, point PointData) (ok bool) {
	r.Time, point.Start = nanos(value["ts"]), nanos(value["start_ts"])
	for _, kind := range distributions {
		if h := mapAt(value, kind.key); h != nil {
			count, counted := toFloat(h["count"])
			sum, summed := kind.sum(h["sum"])
			if counted && summed {
				d.records = append(d.records, Histogram(r, point, count, sum)...)
			}
			return counted && summed
		}
	}
	for _, key := range []string{"value_int64", "value_uint64", "value"} { // integers come with their nearest double
		if point.Value, ok = toFloat(value[key]); ok {
			r.Point = &point
			d.records = append(d.records, r)
			return true
		}
	}
	return false
}

// distributions are the kinds of point with a count and a sum, and how each encodes
// its sum.
var distributions = [...]struct {
	key string
	sum func(any) (float64, bool)
}{
	{"histogram", toFloat},
	{"exp_histogram", floatFromBits},
	{"summary", floatFromBits},
}

// floatFromBits reads a double whose bits are given as an integer.
func floatFromBits(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return math.Float64frombits(uint64(v)), v >= 0
	case uint64:
		return math.Float64frombits(v), true
	}
	return 0, false
}

// Histogram returns the two points that a distribution is stored as: its count and
// its sum. Both are otherwise like r.
func Histogram(r Record, point PointData, count, sum float64) []Record {
	point.distribution = true
	counted, summed := point, point
	counted.Name, counted.Type, counted.Unit, counted.Value = point.Name+".count", "counter", "1", count
	summed.Name, summed.Type, summed.Value = point.Name+".sum", "counter", sum
	out := []Record{r, r}
	out[0].Point, out[1].Point = &counted, &summed
	return out
}

// writePoint writes the fields that only a metric point has. The index's field cannot
// hold NaN or an infinity; those are written as text among the attributes.
func (r *Record) writePoint(o *object, when time.Time) {
	p := r.Point
	o.add(names.DocTime, when)
	o.add(names.DocMetricName, p.Name)
	o.add(names.DocMetricType, p.Type)
	if finite(p.Value) {
		o.add(names.DocMetricValue, p.Value)
	}
	if p.Unit != "" {
		o.add(names.DocMetricUnit, p.Unit)
	}
	if !p.Start.IsZero() {
		o.add(names.DocStartTime, p.Start)
	}
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func familyName(opts map[string]any) string {
	name := scalarText(opts["name"])
	for _, part := range []string{scalarText(opts["ss"]), scalarText(opts["ns"])} {
		if part != "" {
			name = part + "_" + name
		}
	}
	return name
}

func pointType(v any) string {
	if n, ok := toInteger(v); ok && n == cmCounter {
		return "counter"
	}
	return "gauge"
}
