package asker

import (
	"errors"
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/zonda-go/zonda/bench/internal/measure"
)

// A Recorder counts answers. Any goroutine may call Answered: the lock is the same small
// price for all clients.
type Recorder struct {
	// Immutable.
	cpu  func() (time.Duration, error)
	once bool // no request is made again

	mu      sync.Mutex // guards the rest
	seen    measure.Histogram
	left    int // requests under way: those that failed are not asked again
	errors  int64
	begun   time.Time
	usedCPU time.Duration // when the window began
	ended   bool
}

// Answered notes how long an answer took, or why there is none. It reports whether the
// caller is to ask again.
func (r *Recorder) Answered(took time.Duration, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return false
	}
	if err == nil {
		r.seen.Record(took)
		return !r.once
	}
	if r.errors == 0 {
		log.Print(err) // the first failure is told, all are counted
	}
	r.errors++
	r.left--
	return false
}

// begin begins the window.
func (r *Recorder) begin() (err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen.Reset()
	r.begun = time.Now()
	r.usedCPU, err = r.cpu()
	return err
}

// end ends it, and with it the asking.
func (r *Recorder) end() (measure.Run, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	used, err := r.cpu()
	if err != nil {
		return measure.Run{}, err
	}
	if r.left == 0 {
		return measure.Run{}, errors.New("every request failed")
	}
	run := measure.Run{Seconds: time.Since(r.begun).Seconds(), Errors: r.errors, ServerCPU: measure.Micros(used - r.usedCPU)}
	run.Count(&r.seen)
	return run, nil
}

// soFar is how many answers there were; it is an error if a request has failed.
func (r *Recorder) soFar() (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.errors != 0 {
		return 0, fmt.Errorf("%d requests failed", r.errors)
	}
	return r.seen.Count(), nil
}
