package main

import (
	"fmt"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// counters are what the screen shows.
type counters struct {
	active, total, failed int
	up, down              int64 // bytes: from clients to the target, and back
	shown                 int64 // of both, when the screen was last written
}

// watch has the screen written once a second, from the first connection on: an idle
// proxy does nothing.
func (p *proxy) watch(l *loop.Loop) {
	if p.screen != nil && p.ticker == nil {
		p.ticker = l.Every(time.Second, p.show)
	}
}

// show writes the line over the one before, and stops when there is nothing new.
func (p *proxy) show() {
	rate := p.up + p.down - p.shown
	p.shown = p.up + p.down
	fmt.Fprintf(p.screen, "\r%d open, %d so far, %d failed, up %s, down %s, %s/s      ",
		p.active, p.total, p.failed, size(p.up), size(p.down), size(rate))
	if p.active == 0 {
		p.ticker.Stop()
		p.ticker = nil
	}
}

func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.2f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}
