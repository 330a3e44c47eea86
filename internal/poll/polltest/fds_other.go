//go:build !unix || aix

package polltest

// No backend watches descriptors here, so the tests that need them are skipped
// before they ask.

// none fails the test that asks all the same.
func (f *fixture) none() int {
	f.Error("polltest: the capability Descriptors is declared where there are none")
	return -1
}

func (f *fixture) pipe() (r, w int)         { return f.none(), -1 }
func (f *fixture) pair() (a, b int)         { return f.none(), -1 }
func (f *fixture) pipeAt(int) (r, w int)    { return f.none(), -1 }
func (f *fixture) pipeAbove(int) (r, w int) { return f.none(), -1 }
func (f *fixture) dupAt(fd, at int) int     { return f.none() }
func (f *fixture) close(int)                { f.none() }
func (f *fixture) shutdownWrite(int)        { f.none() }
func (f *fixture) write(int)                { f.none() }
func (f *fixture) fill(int)                 { f.none() }
func (f *fixture) read(int)                 { f.none() }
func (f *fixture) readable(int) bool        { return f.none() >= 0 }
func (f *fixture) closeAll()                {}
func (f *fixture) nthFree(int) int          { return 0 }
