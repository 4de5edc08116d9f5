// Package opensearch finds restaurants with OpenSearch and writes the index that it
// searches. There is one index per catalogue and version of the mapping, behind an
// alias. A document is a restaurant's JSON with what search needs besides, and its
// version is the restaurant's.
//
// How texts become words (mapping.json):
//
//   - All texts have one analyzer, so that a query may have words of both languages.
//   - Korean words are taken to pieces by nori. What nori does with a word depends on
//     the words beside it: it keeps 화로 whole, but reads 화로 짬뽕 as 화, a particle
//     and 짬뽕. So the char filter each_word_apart makes each word a sentence of its
//     own, in the index and in queries, and equal words have equal pieces.
//   - Only particles, endings and the copula are dropped, because names also have
//     adverbs and determiners. Field whole has all words as they are written, for
//     those of which nori drops everything.
//   - A name also has keys (search.Keys), which are compared and not analyzed. A
//     query that is a name finds its restaurant first, whatever nori does.
//   - Unicode is normalised here and not in OpenSearch, whose plugin for it
//     (analysis-icu) the local server does not have.
package opensearch
