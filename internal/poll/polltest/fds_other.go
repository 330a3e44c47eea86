//go:build !unix || aix

package polltest

// No backend watches descriptors here, so the tests that need them are skipped
// before they ask.

const noDescriptors = "polltest: the capability Descriptors is declared where there are none"

func (f *fixture) pipe() (r, w int)      { panic(noDescriptors) }
func (f *fixture) pair() (a, b int)      { panic(noDescriptors) }
func (f *fixture) pipeAt(int) (r, w int) { panic(noDescriptors) }
func (f *fixture) close(int)             { panic(noDescriptors) }
func (f *fixture) shutdownWrite(int)     { panic(noDescriptors) }
func (f *fixture) write(int)             { panic(noDescriptors) }
func (f *fixture) fill(int)              { panic(noDescriptors) }
func (f *fixture) read(int)              { panic(noDescriptors) }
func (f *fixture) readable(int) bool     { panic(noDescriptors) }
func (f *fixture) closeAll()             {}
func lowestFree(*fixture) int            { return 0 }
