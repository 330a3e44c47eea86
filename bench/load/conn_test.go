//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const prefix = "HTTP/1.1 200"

// TestTakeWhateverTheCut feeds two answers in two pieces, cut at every place.
func TestTakeWhateverTheCut(t *testing.T) {
	answer := prefix + " OK\r\n\r\nbody"
	two := answer + answer
	x := &exchange{prefix: prefix, length: len(answer)}
	for cut := range len(two) + 1 {
		k := conn{sent: make([]time.Duration, 2)}
		first, err1 := k.take([]byte(two[:cut]), x)
		second, err2 := k.take([]byte(two[cut:]), x)
		if err1 != nil || err2 != nil || first != cut/len(answer) || first+second != 2 || k.partial != 0 {
			t.Errorf("cut %d: %d, %v, then %d, %v; %d bytes over", cut, first, err1, second, err2, k.partial)
		}
	}
}

func TestTakeRefuses(t *testing.T) {
	good := prefix + " OK\r\n\r\nbody"
	x := &exchange{prefix: prefix, length: len(good)}
	tests := []struct {
		name, in string
		inflight int
		want     error
	}{
		{"another status", strings.Replace(good, "200", "500", 1), 1, errPrefix},
		{"a longer answer", good + "!" + good, 2, errPrefix},
		{"a shorter answer", good[1:] + good, 2, errPrefix},
		{"an answer nobody asked for", good + good, 1, errSurplus},
	}
	for _, tt := range tests {
		for cut := range len(tt.in) {
			k := conn{sent: make([]time.Duration, tt.inflight)}
			n, err := k.take([]byte(tt.in[:cut]), x)
			if err == nil {
				k.sent = k.sent[n:] // answered, and nothing new was asked for
				_, err = k.take([]byte(tt.in[cut:]), x)
			}
			if err != tt.want {
				t.Errorf("%s, cut %d: %v, want %v", tt.name, cut, err, tt.want)
			}
		}
	}
}

// TestInterrupted has a read that waits meet a signal, as when Go's scheduler wants the thread.
func TestInterrupted(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	if err := unix.SetsockoptTimeval(fds[0], unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 10}); err != nil {
		t.Fatal(err)
	}
	tid, got := make(chan int, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		tid <- unix.Gettid()
		_, err := io.ReadFull(blocking(fds[0]), make([]byte, 1))
		got <- err
	}()
	reader := <-tid
	for hits := 0; hits < 10; {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", reader))
		if err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-got:
			t.Fatalf("the read ended with %v", err)
		default:
		}
		if bytes.Contains(stat, []byte(") S ")) { // it waits
			hits++
			if err := unix.Tgkill(os.Getpid(), reader, unix.SIGURG); err != nil {
				t.Fatal(err)
			}
		}
		runtime.Gosched()
	}
	if _, err := unix.Write(fds[1], []byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
}
