package looptest

import "github.com/zonda-go/zonda/loop"

// executor runs the calls of loop.Offload on the loop itself, in a later iteration and
// in an order that the loop's seed decides: elsewhere they would end in any order too.
// What they wait for cannot come from the loop, which they hold up; such a call belongs
// to loop.FromFunc.
type executor struct {
	l    *loop.Loop
	jobs []func()
}

func (x *executor) add(job func()) {
	x.jobs = append(x.jobs, job)
	if len(x.jobs) == 1 {
		x.l.Call(x.run)
	}
}

// run does one of the jobs that wait, whichever it is.
func (x *executor) run() {
	last := len(x.jobs) - 1
	i := x.l.Rand().IntN(last + 1)
	job := x.jobs[i]
	x.jobs[i] = x.jobs[last]
	x.jobs[last] = nil
	x.jobs = x.jobs[:last]
	if last > 0 {
		x.l.Call(x.run)
	}
	job()
}
