// Package record is what the agent carries: one log line, span or metric
// point, whatever shape it came in, and the OpenSearch document it becomes.
//
// Two hosts use it. Fluent Bit's plugin hands over chunks of MessagePack
// (Decode); the local Collector hands over lines (Line) and OTLP data it has
// converted itself. Both call Identify and then Documents, so one record is
// the same document with the same id whichever way it came.
//
// Everything here is a function of the bytes that came in. Nothing asks for
// the present time: a chunk that is sent again must land in the same index
// under the same ids.
package record
