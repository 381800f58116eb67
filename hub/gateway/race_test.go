//go:build race

package gateway_test

// raced says that the race detector is on, which makes a site many times dearer:
// one version of it is enough then.
const raced = true
