package main

import (
	"math"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
)

// A histogram of negative values has no sum, and 0 would be a wrong one.
func TestASumThatWasNotRecordedIsNaN(t *testing.T) {
	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	metrics.AppendEmpty().SetEmptyHistogram().DataPoints().AppendEmpty().SetCount(3)
	metrics.AppendEmpty().SetEmptyExponentialHistogram().DataPoints().AppendEmpty().SetCount(3)
	recorded := metrics.AppendEmpty().SetEmptyHistogram().DataPoints().AppendEmpty()
	recorded.SetCount(3)
	recorded.SetSum(0)

	records := metricRecords(md)
	if len(records) != 6 {
		t.Fatalf("%d points, want a count and a sum of each", len(records))
	}
	for i, isNumber := range []bool{false, false, true} {
		count, sum := records[2*i].Point.Value, records[2*i+1].Point.Value
		if count != 3 || math.IsNaN(sum) == isNumber {
			t.Errorf("distribution %d: count %v, sum %v", i, count, sum)
		}
	}
}
