package http1

import "github.com/zonda-go/zonda/loop"

// rare is what few exchanges need.
type rare struct {
	body  wait
	timer loop.Timer // of Server.RequestTimeout
	came  Header     // the request's trailers
	sent  Header     // the response's
}

func (ex *exchange) seldom() *rare {
	if ex.rare == nil {
		ex.rare = &rare{}
	}
	return ex.rare
}
