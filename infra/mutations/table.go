package main

import "slices"

// table are the mutations, by what they change.
var table = slices.Concat(judging, reporting, counting, searching, diagnosing, storing)

// The packages whose tests should notice mistakes. The tests of incident run
// evaluator and incident manager together. Those of indicator and postgres need real
// parts: JARI_TEST_OPENSEARCH_URL and JARI_TEST_POSTGRES_URL.
var (
	byDomain    = []string{"./slo"}
	byIncidents = []string{"./evaluate", "./incident"}
	byReporting = []string{"./incident"}
	byCounting  = []string{"./count", "./inmem"}
	byDiagnosis = []string{"./diagnosis"}
	bySearching = []string{"./indicator"}
	byStoring   = []string{"./postgres"}
)
