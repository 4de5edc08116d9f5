// Package systemtest holds tests of the whole running system through its front
// door. They need JARI_TEST_EDGE_URL (`make test` sets it).
package systemtest
