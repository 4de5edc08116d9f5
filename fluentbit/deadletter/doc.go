// Package deadletter reads, groups and replays dead letters. A dead letter is a
// document that OpenSearch refused for its own fault, or input that could not be
// decoded. It is kept, with the reason, in the dead-letter index, and an operator
// decides what becomes of it.
//
//	refused ─▶ jari-deadletter-YYYY.MM.DD   written by ship, form: record.DeadLetter
//	               │ Store.Groups           how many, for which reason
//	               │ Store.Each             one by one
//	               ▼ Store.Replay
//	           create the document under its own index and id
//	               ├─ created, or stored already ▶ the entry is removed
//	               ├─ refused again              ▶ the entry stays, with the new reason
//	               └─ nothing can be created     ▶ the entry stays
//
// A replay may be interrupted and repeated at any time.
package deadletter
