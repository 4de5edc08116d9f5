package main

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"jari.example/fluentbit/record"
	"jari.example/telemetry/names"
)

func metricRecords(md pmetric.Metrics) []record.Record {
	var records []record.Record
	for _, rm := range md.ResourceMetrics().All() {
		res, received := resourceAttributes(rm.Resource())
		for _, sm := range rm.ScopeMetrics().All() {
			scope := sm.Scope().Attributes().AsRaw()
			if name := sm.Scope().Name(); name != "" {
				scope[names.ScopeName] = name
			}
			shared := record.Record{Signal: record.Metric, Received: received, Resource: res, Scope: scope}
			for _, m := range sm.Metrics().All() {
				records = append(records, points{metric: m, shared: shared}.all()...)
			}
		}
	}
	return records
}

// points converts the data points of one metric.
type points struct {
	metric pmetric.Metric
	shared record.Record
}

func (p points) all() (out []record.Record) {
	m := p.metric
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		for _, d := range m.Gauge().DataPoints().All() {
			out = append(out, p.number(d, "gauge"))
		}
	case pmetric.MetricTypeSum:
		kind := "gauge"
		if m.Sum().IsMonotonic() {
			kind = "counter"
		}
		for _, d := range m.Sum().DataPoints().All() {
			out = append(out, p.number(d, kind))
		}
	case pmetric.MetricTypeHistogram:
		for _, d := range m.Histogram().DataPoints().All() {
			out = append(out, p.distribution(d, d.Count(), sumOrNaN(d.HasSum(), d.Sum()))...)
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, d := range m.ExponentialHistogram().DataPoints().All() {
			out = append(out, p.distribution(d, d.Count(), sumOrNaN(d.HasSum(), d.Sum()))...)
		}
	case pmetric.MetricTypeSummary:
		for _, d := range m.Summary().DataPoints().All() {
			out = append(out, p.distribution(d, d.Count(), d.Sum())...)
		}
	}
	return out
}

func (p points) number(d pmetric.NumberDataPoint, kind string) record.Record {
	r, data := p.point(d)
	data.Type = kind
	switch d.ValueType() {
	case pmetric.NumberDataPointValueTypeInt:
		data.Value = float64(d.IntValue())
	case pmetric.NumberDataPointValueTypeDouble:
		data.Value = d.DoubleValue()
	default:
		data.Value = math.NaN() // no recorded value is not the same as 0
	}
	r.Point = &data
	return r
}

// sumOrNaN returns sum, or NaN if none was recorded, which is not the same as 0.
func sumOrNaN(has bool, sum float64) float64 {
	if !has {
		return math.NaN()
	}
	return sum
}

func (p points) distribution(d dataPoint, count uint64, sum float64) []record.Record {
	r, data := p.point(d)
	return record.Histogram(r, data, float64(count), sum)
}

// dataPoint is what every kind of data point has.
type dataPoint interface {
	StartTimestamp() pcommon.Timestamp
	Timestamp() pcommon.Timestamp
	Attributes() pcommon.Map
}

func (p points) point(d dataPoint) (record.Record, record.PointData) {
	r := p.shared
	r.Time, r.Attributes = timeOf(d.Timestamp()), record.Dimensions(d.Attributes().AsRaw())
	return r, record.PointData{Name: p.metric.Name(), Unit: p.metric.Unit(), Start: timeOf(d.StartTimestamp())}
}
