package looptest

// readiness is the ends of connections of one loop that have something to tell. They
// are told together, in the next iteration, as a poller would. What a poller fetches
// has no order, so this has none either: the loop's seed decides.
type readiness struct {
	ends []*end
}

// add has e told.
func (r *readiness) add(e *end) {
	r.ends = append(r.ends, e)
	if len(r.ends) == 1 {
		e.l.Call(r.dispatch)
	}
}

func (r *readiness) dispatch() {
	ends := r.ends
	r.ends = nil
	l := ends[0].l
	if l.Seed() != 0 {
		l.Rand().Shuffle(len(ends), func(i, j int) { ends[i], ends[j] = ends[j], ends[i] })
	}
	defer func() { // also if a handler panicked: the others get their turn
		for _, e := range ends {
			r.add(e)
		}
	}()
	for len(ends) > 0 {
		e := ends[0]
		ends = ends[1:]
		e.tell()
	}
}
