package loop

import (
	"os"
	"os/signal"
)

// OnSignal calls fn on the loop when the process gets one of the signals sig, until
// the function it returns is called or the loop is closed. The usual effect of these
// signals is off meanwhile, as with signal.Notify. A signal that arrives while the loop
// is about to sleep wakes it like any Post. The function belongs to the loop.
func (l *Loop) OnSignal(fn func(os.Signal), sig ...os.Signal) (stop func()) {
	l.check("OnSignal")
	c := make(chan os.Signal, 16)
	end := make(chan struct{})
	signal.Notify(c, sig...)
	go func() {
		defer signal.Stop(c)
		for {
			select {
			case s := <-c:
				_ = l.Post(func() {
					if !stopped(end) {
						fn(s)
					}
				})
			case <-end:
				return
			case <-l.gone:
				return
			}
		}
	}()
	return func() {
		l.check("the stop function of OnSignal")
		if !stopped(end) {
			signal.Stop(c)
			close(end)
		}
	}
}

func stopped(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
