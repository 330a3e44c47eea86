//go:build linux

package main

import (
	"strings"
	"testing"
	"time"
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
