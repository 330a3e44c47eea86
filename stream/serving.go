package stream

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"

	"github.com/zonda-go/zonda/loop"
)

// serving is what becomes of a Server with its first Listen: its sites, one for each
// loop that it is on. Any goroutine may call its methods.
type serving struct {
	// Immutable.
	srv        *Server
	log        *slog.Logger
	network    Network
	tls        *TLSOptions
	books      *books
	home       *site   // on the loop that Listen got; it accepts
	sites      []*site // for connections
	own        *loop.Pool
	everywhere bool // each of them also listens by itself
}

func newServing(s *Server, l *loop.Loop) (*serving, error) {
	if (s.Handler == nil) == (s.Accept == nil) {
		return nil, errors.New("stream: a Server needs either a Handler or Accept")
	}
	for _, p := range s.ProxyFrom {
		if !p.IsValid() || p.Addr().Is4In6() {
			return nil, fmt.Errorf("stream: Server.ProxyFrom has %v, with which no address begins", p)
		}
	}
	sv := &serving{srv: s, log: s.Logger, network: s.network()}
	if sv.log == nil {
		sv.log = l.Logger()
	}
	if s.TLS != nil {
		o := *s.TLS
		o.Server = true
		sv.tls = &o
	}
	sv.books = &books{max: s.MaxConns, perAddr: s.MaxConnsPerAddr, over: sv.over, done: make(chan struct{})}
	sv.home = newSite(sv, l)
	sv.sites = []*site{sv.home}
	if err := sv.spread(); err != nil {
		return nil, err
	}
	all := sv.all()
	sv.books.sites = len(all)
	sv.home.start()
	for _, st := range all[1:] {
		if st.l.Post(st.start) != nil {
			st.gone.Store(true)
			sv.books.closing()
		}
	}
	return sv, nil
}

// spread makes the sites of a server on several loops.
func (sv *serving) spread() error {
	pool := sv.srv.Pool
	switch {
	case sv.srv.Loops > 0 && pool != nil:
		return errors.New("stream: a Server takes either Loops or a Pool")
	case sv.srv.Loops > 0:
		var err error
		if pool, err = loop.NewPool(sv.srv.Loops, &loop.Options{Logger: sv.log}); err != nil {
			return err
		}
		sv.own = pool
	case pool == nil:
		return nil
	}
	system, ok := sv.network.(System)
	sv.everywhere = ok && system.ReusePort
	sv.sites = nil
	for _, l := range pool.Loops() {
		st := sv.home
		if l != st.l {
			st = newSite(sv, l)
		}
		sv.sites = append(sv.sites, st)
	}
	return nil
}

// all is every site, home first.
func (sv *serving) all() []*site {
	all := []*site{sv.home}
	for _, st := range sv.sites {
		if st != sv.home {
			all = append(all, st)
		}
	}
	return all
}

// each calls do for every site, on its loop. One whose loop is closed has ended.
func (sv *serving) each(do func(*site)) {
	for _, st := range sv.all() {
		_ = st.l.Post(func() { do(st) })
	}
}

// over is called when the last connection has ended.
func (sv *serving) over() {
	sv.each(func(st *site) { st.ended.TrySet(struct{}{}) })
	if sv.own != nil {
		_ = sv.own.Close() // always nil
	}
}

// listenEverywhere has the sites besides home listen on its address too.
func (sv *serving) listenEverywhere(network, address string) {
	sv.each(func(st *site) {
		if st == sv.home {
			return
		}
		ln, err := sv.network.Listen(st.l, network, address)
		if err == nil {
			if err = st.listen(ln); err != nil {
				err = errors.Join(err, ln.Close())
			}
		}
		if err != nil && !errors.Is(err, ErrServerClosed) {
			sv.log.Error("zonda: a loop of the server does not listen", "addr", address, "error", err)
		}
	})
}

// place gives a connection that here has accepted to the loop that has the fewest, or
// leaves it here if each accepts its own.
func (sv *serving) place(t Transport, from netip.Addr, here *site) {
	if sv.everywhere && slices.Contains(sv.sites, here) {
		here.load.Add(1)
		here.take(t, from)
		return
	}
	for to := sv.lightest(); to != nil; to = sv.lightest() {
		to.load.Add(1)
		if to == here {
			to.take(t, from)
			return
		}
		if to.l.Post(func() { to.take(t, from) }) == nil {
			return
		}
		to.load.Add(-1)
		to.gone.Store(true)
	}
	_ = t.Close(true)
	sv.left(from)
}

func (sv *serving) lightest() (to *site) {
	for _, st := range sv.sites {
		if !st.gone.Load() && (to == nil || st.load.Load() < to.load.Load()) {
			to = st
		}
	}
	return to
}

// left counts a connection out, and lets those who wait in.
func (sv *serving) left(from netip.Addr) {
	if !sv.books.leave(from) {
		return
	}
	if sv.everywhere {
		sv.each((*site).resume)
	} else {
		_ = sv.home.l.Post(sv.home.resume) // a closed loop lets nobody in
	}
}
