// Package systemtest has tests of the whole running system through its edge. They
// need JARI_TEST_EDGE_URL (`make test` sets it).
package systemtest
