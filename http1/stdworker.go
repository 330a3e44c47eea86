package http1

import "github.com/zonda-go/zonda/loop"

const (
	// keptWorkers bounds the goroutines that wait for requests.
	keptWorkers = 1024
	// maxCalls is after how many requests a goroutine retires: its stack has the
	// size that the deepest of them needed.
	maxCalls = 1024
)

// A stdWorker is a goroutine that answers requests one after another. It ends when
// calls is closed, and with its loop.
type stdWorker struct {
	calls chan *stdCall
	done  int // calls; owned by the loop
}

// stdWorkers are the goroutines that wait for a request. They belong to the loop.
type stdWorkers struct {
	idle   []*stdWorker
	closed bool
}

func (p *stdWorkers) get(l *loop.Loop) *stdWorker {
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		return w
	}
	w := &stdWorker{calls: make(chan *stdCall, 1)}
	go w.run(l)
	return w
}

// put takes back a worker whose call has ended. exited: with it the goroutine.
func (p *stdWorkers) put(w *stdWorker, exited bool) {
	w.done++
	if exited || p.closed || w.done >= maxCalls || len(p.idle) >= keptWorkers {
		close(w.calls)
		return
	}
	p.idle = append(p.idle, w)
}

// close ends the workers, those that are busy after their calls.
func (p *stdWorkers) close() {
	p.closed = true
	for _, w := range p.idle {
		close(w.calls)
	}
	p.idle = nil
}

func (w *stdWorker) run(l *loop.Loop) {
	for {
		select {
		case c, ok := <-w.calls:
			if !ok {
				return
			}
			c.run()
		case <-l.Closed():
			return
		}
	}
}
