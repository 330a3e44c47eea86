package main

import (
	"fmt"
	"testing"
)

// Clients that send much and read nothing cost the program no more than a few buffers
// each, and nobody else his turn.
func TestMemoryOfThoseWhoNeverRead(t *testing.T) {
	for _, mode := range []string{"-raw=false", "-raw=true"} {
		t.Run(mode, func(t *testing.T) {
			each(t, func(t *testing.T, kind string) {
				p := start(t, kind, mode)
				good := p.dial()
				if err := talk(good, "before"); err != nil {
					t.Fatal(err)
				}
				before := p.resident()
				// The system may hold tens of MiB for one client, on the four ends of two ways.
				const clients, much = 20, 64 << 20
				lines := numbered(much)
				stuck := make(chan error, clients)
				for range clients {
					c := p.dial()
					go func() {
						sent, err := sendUntilStuck(c, lines)
						if err == nil && sent == len(lines) {
							err = fmt.Errorf("all of %d bytes were taken", sent)
						}
						stuck <- err
					}()
				}
				collect(t, stuck, clients)
				if err := talk(good, "after"); err != nil {
					t.Error(err)
				}
				// A loop's shared buffers and the collector's room are in this, too.
				const bar = 48 << 20
				if grown := p.resident() - before; grown > bar {
					t.Errorf("%d clients cost %d MiB", clients, grown>>20)
				} else {
					t.Logf("%d clients cost %d KiB", clients, grown>>10)
				}
			})
		})
	}
}
