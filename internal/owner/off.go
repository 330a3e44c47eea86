//go:build !race

package owner

// Enabled is true where loop-only methods check who calls them: in builds with
// the race detector.
const Enabled = false
