package http1

import (
	"time"

	"github.com/zonda-go/zonda/loop"
)

// rare is what few exchanges need.
type rare struct {
	release func() // lets Shutdown end; nil while the connection does that
	body    wait
	skipped int64         // of the body: thrown away
	began   time.Duration // on the service's clock; only for the access log
	limit   *loop.Co      // of Server.RequestTimeout: the parent of co; nil: there is none
	lift    func()        // takes it back
	came    Header        // the request's trailers
	sent    Header        // the response's
	trails  bool          // it may have some, and is chunked for that
	undated bool          // the response gets no Date
}

func (ex *exchange) seldom() *rare {
	if ex.rare == nil {
		ex.rare = &rare{}
	}
	return ex.rare
}
