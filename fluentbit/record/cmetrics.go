package record

import (
	"maps"
	"time"
)

// cmCounter is cmetrics' type of a value that only grows.
const cmCounter = 0

// metrics reads a chunk of cmetrics: metric families, each with its values.
func (d *decoder) metrics(chunk map[string]any) error {
	external := one(one(chunk, "meta"), "external")
	resource := attributes(one(external, "resource")["attributes"])
	for _, family := range members(chunk, "metrics") {
		meta := one(family, "meta")
		opts := one(meta, "opts")
		point := PointData{Name: familyName(opts), Type: pointType(meta["type"]), Unit: text(opts["unit"])}
		labels, _ := meta["labels"].([]any)
		for _, value := range members(family, "values") {
			own := maps.Clone(resource)
			values, _ := value["labels"].([]any)
			for i, v := range values {
				if i < len(labels) && text(v) != "" {
					own[text(labels[i])] = v
				}
			}
			d.points(value, point, own)
		}
	}
	return nil
}

func (d *decoder) points(value map[string]any, point PointData, own map[string]any) {
	at := nanos(value["ts"])
	if h := one(value, "histogram"); h != nil {
		count, _ := float(h["count"])
		sum, _ := float(h["sum"])
		d.records = append(d.records, Histogram(point, count, sum, at, time.Time{}, own)...)
		return
	}
	point.Value, _ = float(value["value"])
	if n, ok := integer(value["value_int64"]); ok && point.Value == 0 {
		point.Value = float64(n) // whole numbers stand beside a zero
	}
	d.records = append(d.records, Record{Signal: Metric, Time: at, Attributes: own, Point: &point})
}

// Histogram is the two points a histogram is kept as: how many, and their sum.
func Histogram(point PointData, count, sum float64, at, received time.Time, own map[string]any) []Record {
	counted, summed := point, point
	counted.Name, counted.Type, counted.Unit, counted.Value = point.Name+".count", "counter", "1", count
	summed.Name, summed.Type, summed.Value = point.Name+".sum", "counter", sum
	return []Record{
		{Signal: Metric, Time: at, Received: received, Attributes: own, Point: &counted},
		{Signal: Metric, Time: at, Received: received, Attributes: own, Point: &summed},
	}
}

func familyName(opts map[string]any) string {
	name := text(opts["name"])
	for _, part := range []string{text(opts["ss"]), text(opts["ns"])} {
		if part != "" {
			name = part + "_" + name
		}
	}
	return name
}

func pointType(v any) string {
	if n, _ := integer(v); n == cmCounter {
		return "counter"
	}
	return "gauge"
}
