package http1

import "github.com/zonda-go/zonda/loop"

const (
	// keptWorkers bounds the goroutines that wait for requests.
	keptWorkers = 256
	// maxCalls is after how many requests a goroutine retires: its stack has the
	// size that the deepest of them needed.
	maxCalls = 1024
)

// A stdWorker is a goroutine that answers requests one after another.
type stdWorker struct {
	calls chan *stdCall
	done  int // calls; owned by the loop
}

// stdWorkers are the goroutines that wait for a request. They belong to the loop,
// and end with it.
type stdWorkers []*stdWorker

func (p *stdWorkers) get(l *loop.Loop) *stdWorker {
	if n := len(*p); n > 0 {
		w := (*p)[n-1]
		*p = (*p)[:n-1]
		return w
	}
	w := &stdWorker{calls: make(chan *stdCall, 1)}
	go w.run(l)
	return w
}

func (p *stdWorkers) put(w *stdWorker) {
	w.done++
	if w.done >= maxCalls || len(*p) >= keptWorkers {
		close(w.calls)
		return
	}
	*p = append(*p, w)
}

func (p *stdWorkers) close() {
	for _, w := range *p {
		close(w.calls)
	}
	*p = nil
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
