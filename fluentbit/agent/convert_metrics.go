package main

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"jari.example/fluentbit/record"
)

func metricRecords(md pmetric.Metrics) []record.Record {
	var records []record.Record
	for _, rm := range md.ResourceMetrics().All() {
		res, received := resource(rm.Resource())
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				c := points{metric: m, resource: res, received: received}
				records = append(records, c.all()...)
			}
		}
	}
	return records
}

// points reads the data points of one metric.
type points struct {
	metric   pmetric.Metric
	resource map[string]any
	received time.Time
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
			out = append(out, p.distribution(d, d.Count(), d.Sum())...)
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, d := range m.ExponentialHistogram().DataPoints().All() {
			out = append(out, p.distribution(d, d.Count(), d.Sum())...)
		}
	case pmetric.MetricTypeSummary:
		for _, d := range m.Summary().DataPoints().All() {
			out = append(out, p.distribution(d, d.Count(), d.Sum())...)
		}
	}
	return out
}

func (p points) number(d pmetric.NumberDataPoint, kind string) record.Record {
	data := record.PointData{Name: p.metric.Name(), Unit: p.metric.Unit(), Type: kind, Start: moment(d.StartTimestamp()), Value: d.DoubleValue()}
	if d.ValueType() == pmetric.NumberDataPointValueTypeInt {
		data.Value = float64(d.IntValue())
	}
	return record.Record{
		Signal: record.Metric, Time: moment(d.Timestamp()), Received: p.received,
		Attributes: with(p.resource, d.Attributes()), Point: &data,
	}
}

// dataPoint is what every distribution has.
type dataPoint interface {
	StartTimestamp() pcommon.Timestamp
	Timestamp() pcommon.Timestamp
	Attributes() pcommon.Map
}

func (p points) distribution(d dataPoint, count uint64, sum float64) []record.Record {
	data := record.PointData{Name: p.metric.Name(), Unit: p.metric.Unit(), Start: moment(d.StartTimestamp())}
	return record.Histogram(data, float64(count), sum, moment(d.Timestamp()), p.received, with(p.resource, d.Attributes()))
}
