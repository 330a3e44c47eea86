// Package loop is zonda's kernel: one event loop with three kinds of work
// (callbacks, timers, I/O events), futures, and coroutines that wait for them in
// straight-line code.
//
//	l, err := loop.New(nil)
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer l.Close()
//	n, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
//		if err := loop.Sleep(co, time.Second); err != nil {
//			return 0, err
//		}
//		return 42, nil
//	})
//
// # Rules
//
//  1. Ownership. A Loop and everything made from it belongs to whoever holds the
//     loop: the goroutine inside Run, or the coroutine that it is resuming. Before,
//     between and after Runs it belongs to the goroutine that has it. Other
//     goroutines may call exactly: Post, Do, Stop, Close, Closed, Stats, Logger,
//     PollerName, Seed, OffloadQueue, Of, Promise.Post, Future.Wait, what
//     context.Context has of a Co, and the methods of a Pool. So state that only the
//     loop touches needs no locks. Builds with -race, and Options.Strict, check this at
//     every call.
//  2. Order. An iteration runs the callbacks that were queued when it began, then
//     the timers that were due, then it polls and runs the handlers of descriptors
//     that are ready. What a callback queues runs in the next iteration. Timers with
//     equal deadlines run in the order they were made. See docs/loop.md.
//  3. One hop. Between the fulfilment of a promise and the user code that waits for
//     it lies exactly one iteration. Awaiting a future that is done costs nothing.
//  4. Cancellation is a state, not an event. Once a Co is cancelled, each wait under
//     it returns at once with an error, until its body returns. A result that has
//     come already wins.
//  5. Panics. A panic in a callback is reported and the loop goes on; one in a
//     coroutine becomes its future's error.
//  6. Blocking blocks everyone. A callback or coroutine that calls something slow
//     holds up the whole loop; run that with Offload, or in a goroutine that fulfils
//     a Promise with Post.
//  7. Threads. A body must not lock its OS thread across a wait: the runtime ends the
//     program if the lock differs between a coroutine's creation and resumption.
//  8. Several loops. Nothing is shared between two: a coroutine never changes its
//     loop, a future is awaited on its own, and Submit leads from one to another.
//
// # Files
//
// loop and options, fd, timer and heap, wake, clock, every and signal are the loop of
// callbacks;
// hold checks rule 1. future and failure are promises, combine and from make futures
// of other things, and offload of functions that block. co and context are a coroutine
// as its body sees it, coroutine starts and suspends it, fiber and worker switch to it,
// group keeps several together. park is the line in which lock and queue keep who
// waits, and store what a queue keeps. local keeps what others want once for each loop,
// and seed gives an order to what has none. stats, observer, watchdog, task and waits
// look into the loop; name says where code lies. run and close are the two ends. submit
// leads from loop to loop, and pool runs several.
package loop
