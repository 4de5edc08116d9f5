// Package ship puts documents into OpenSearch so that each is there exactly
// once, however often it is sent.
//
// A document is created under an id of its own, so a repetition is answered
// with a conflict, which is success. What OpenSearch says of each item decides
// alone: see judge. Nothing is written before the index templates are known to
// be in force, because an index made without them has the wrong types for good.
package ship
