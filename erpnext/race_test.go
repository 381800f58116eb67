//go:build race

package erpnext

// slow is set when the race detector makes the simulator ten times slower: then
// each story meets each trouble on one of the generations, and not on both.
const slow = true
