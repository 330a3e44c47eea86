package measure

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAnonymousMemory maps 16 MiB and touches half of them.
func TestAnonymousMemory(t *testing.T) {
	const size = 16 << 20
	before, err := AnonymousMemory(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	m, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(m)
	for i := 0; i < size/2; i += os.Getpagesize() {
		m[i] = 1
	}
	after, err := AnonymousMemory(os.Getpid())
	if grown := int64(after - before); err != nil || grown < size/4 || grown > size*3/4 {
		t.Errorf("grown by %d bytes, %v; want about %d", grown, err, size/2)
	}
	runtime.KeepAlive(m)
}

func TestRssAnonRefuses(t *testing.T) {
	if got, err := rssAnon("VmRSS:\t  9 kB\nRssAnon:\t     512 kB\nRssFile:\t  1 kB\n"); err != nil || got != 512<<10 {
		t.Errorf("rssAnon = %d, %v", got, err)
	}
	for _, bad := range []string{"", "VmRSS:\t 1 kB\n", "RssAnon:\t 1 MB\n", "RssAnon:\t x kB\n"} {
		if got, err := rssAnon(bad); err == nil {
			t.Errorf("rssAnon(%q) = %d, want an error", bad, got)
		}
	}
}
