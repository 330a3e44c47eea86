package main

import (
	"strings"
	"testing"
	"time"
)

func small(seed uint64) *world {
	return &world{
		clients: 50, length: 3*time.Hour + 30*time.Minute, uptime: time.Hour, downtime: 10 * time.Second,
		heartbeat: 10 * time.Minute, seed: seed,
	}
}

// After each restart everyone comes back, within the time that the pauses allow.
func TestStorm(t *testing.T) {
	w := small(7)
	if err := w.simulate(); err != nil {
		t.Fatal(err)
	}
	if w.restarts != 3 || w.now != w.clients || w.lost != 3*w.clients || w.connects != 4*w.clients {
		t.Errorf("%d restarts, %d of %d connected, %d lost, %d connects", w.restarts, w.now, w.clients, w.lost, w.connects)
	}
	if w.failures == 0 || w.outage < w.downtime || w.outage > w.downtime+maxPause {
		t.Errorf("%d failures, the longest outage is %v", w.failures, w.outage)
	}
	// Of each client about twenty in all; a restart may swallow one.
	if least := w.clients * 17; w.beats < least {
		t.Errorf("%d heartbeats were answered, want %d", w.beats, least)
	}
}

// The same seed gives the same day, another one another.
func TestStormRepeats(t *testing.T) {
	story := func(seed uint64) string {
		w := small(seed)
		if err := w.simulate(); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		w.report(&out)
		_, rest, _ := strings.Cut(out.String(), "\n") // without the seed
		return rest
	}
	first := story(1)
	if again := story(1); again != first {
		t.Errorf("one seed gives\n%s\nand then\n%s", first, again)
	}
	if other := story(2); other == first {
		t.Errorf("two seeds give\n%s", first)
	}
}
