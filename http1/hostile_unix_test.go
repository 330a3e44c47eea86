//go:build unix

package http1_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// TestHostileCrowds has thousands of hostile clients at a time come to a server on a real
// socket: others are served meanwhile, what the server keeps for each is bounded, and
// nothing is left of them.
func TestHostileCrowds(t *testing.T) {
	crowd, waves := 300, 3
	if deep() {
		crowd = 5000 // both ends are this process's: 10,000 descriptors
	}
	for name, h := range hostileSite() {
		t.Run(name, func(t *testing.T) { hostileCrowds(t, h, crowd, waves) })
	}
}

func hostileCrowds(t *testing.T, h http1.Handler, crowd, waves int) {
	before := descriptors(t)
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http1.Server{Handler: h}
	addr, err := srv.Listen(l, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error)
	go func() { ran <- l.Run() }()
	for range waves {
		hostileWave(t, addr, crowd)
	}
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if n := srv.Stats(); n.Conns != 0 || n.Accepted < uint64(crowd*waves) {
		t.Errorf("%+v", n)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	<-ran
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

// hostileWave is one crowd, from its coming to its going.
func hostileWave(t *testing.T, addr net.Addr, crowd int) {
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	healthy := &http.Client{Transport: tr}
	idle := liveHeap()
	var all []*net.TCPConn
	defer func() {
		for _, c := range all {
			_ = c.SetLinger(0) // a reset: there is no port left waiting
			c.Close()
		}
	}()
	kinds := attacks()
	for i := range crowd {
		a := kinds[i%len(kinds)]
		c, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		tcp := c.(*net.TCPConn)
		_ = tcp.SetReadBuffer(4 << 10)
		all = append(all, tcp)
		throw(t, tcp, a.first)
		for range 3 {
			if a.then != nil {
				throw(t, tcp, a.then())
			}
		}
		if a.reset {
			_ = tcp.SetLinger(0)
			tcp.Close()
		}
		if i%100 == 0 {
			askHealthy(t, healthy, addr)
		}
	}
	for range 20 {
		askHealthy(t, healthy, addr)
	}
	// Most keep next to nothing. Of two kinds that do not read, the server keeps up to 128
	// KiB of a response, and their handlers 64, or 64 KiB of a response and up to 128 of
	// requests they have sent ahead. Buffers that serve everyone come on top.
	// While the system's own buffers fill, there is garbage besides: what counts is what
	// remains.
	most := crowd*(50<<10) + 16<<20
	kept := liveHeap() - idle
	for tries := 0; kept > most && tries < 50; tries++ {
		askHealthy(t, healthy, addr)
		kept = min(kept, liveHeap()-idle)
	}
	if kept > most {
		t.Errorf("%d bytes are kept for %d clients", kept, crowd)
	}
}

// throw sends what the system takes at once: nobody may read it.
func throw(t *testing.T, c *net.TCPConn, text string) {
	raw, err := c.SyscallConn()
	if err != nil {
		return // it is closed
	}
	if err := raw.Write(func(fd uintptr) bool {
		_, _ = syscall.Write(int(fd), []byte(text))
		return true
	}); err != nil {
		t.Log(err) // reset by the server, which is its right
	}
}

func askHealthy(t *testing.T, client *http.Client, addr net.Addr) {
	t.Helper()
	resp, err := client.Get("http://" + addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if p, err := io.ReadAll(resp.Body); err != nil || string(p) != "hello" {
		t.Fatalf("%q %v", p, err)
	}
}

func liveHeap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // pools are emptied by the second
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

// descriptors is how many this process has; 0 where the system does not tell.
func descriptors(t *testing.T) int {
	if runtime.GOOS != "linux" {
		return 0
	}
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
