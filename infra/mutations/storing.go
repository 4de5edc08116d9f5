package main

// The files of the store of counts in PostgreSQL.
const (
	save    = "postgres/save.go"
	buckets = "postgres/bucket.go"
)

// storing are mistakes in what is written and read.
var storing = []mutation{
	{"buckets that vanished stay", save, "if !kept[b.At] {", "if false {", byStoring, false},
	{"an hour keeps what its minutes have lost", save, "changed[hour] = changed[hour].Minus(b.Count)", "_ = hour", byStoring, false},
	{"an hour gets nothing", save, "changed[hour] = changed[hour].Plus(b.Count)", "_ = hour", byStoring, false},
	{"later running sums are not shifted", save, "if c.shift != (slo.Count{}) {", "if false {", byStoring, false},
	{"the running sum at the end of the batch is not shifted", save, "b.at >= s.at", "b.at > s.at", byStoring, false},
	{"a count that changed is not written", save, " && before[same].Count == after[same].Count", "", byStoring, false},
	{"a gap in what was counted stays", save, "if ok && !span.Touches(period) {", "if false {", byStoring, false},
	{"what differs begins with the later of two buckets", save,
		"c.after[0].At.Before(c.before[0].At)", "c.before[0].At.Before(c.after[0].At)", byStoring, false},
	{"old minutes are not deleted", buckets,
		"where b.series = s.id and b.at < $1", "where b.series = s.id and b.at < $1 and false", byStoring, false},
	{"old hours are not deleted", buckets,
		"where h.series = s.id and h.at < $1", "where h.series = s.id and h.at < $1 and false", byStoring, false},
	{"the first bucket that is kept is deleted", buckets,
		"b.series = s.id and b.at < $1", "b.series = s.id and b.at <= $1", byStoring, false},
	{"what was deleted is said to be counted", buckets, "where counted_from < $1", "where counted_from < $1 and false", byStoring, false},
	{"what is not counted any more is remembered", buckets, "where counted_to <= $1", "where counted_to <= $1 and false", byStoring, false},
	{"the bucket after a window belongs to it", buckets, "and at < d.stop", "and at <= d.stop", byStoring, false},
	{"the last bad event is the last event", buckets, "and bad > 0 order by", "order by", byStoring, false},
	{"a term that has ended may write", "postgres/postgres.go", "err == nil && current != term", "false", byStoring, false},
	{"a lease is taken before it expires", "postgres/postgres.go", "or l.expires_at < clock_timestamp()", "or true", byStoring, false},
	{"the first bucket of a batch is not read", save, "and b.at >= $2 and b.at < $3", "and b.at > $2 and b.at < $3", byStoring, false},
}
