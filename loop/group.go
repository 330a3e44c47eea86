package loop

import "context"

// A Group is a set of coroutines that end before their parent goes on. The first of
// them to fail cancels the rest. It belongs to the loop. Make one with WithGroup.
type Group struct {
	co    *Co // the children's parent
	live  int
	err   error
	empty *Promise[struct{}] // of the wait
}

// WithGroup runs body, which starts children with Go, and returns when body and all
// children have ended: with the first error there was, of body or of a child. When
// there is one, or when co is cancelled, the children are cancelled, and WithGroup
// waits for them to end all the same: none outlives it.
func WithGroup(co *Co, body func(g *Group) error) error {
	co.mustBeCurrent("WithGroup")
	g := &Group{co: co.derive("WithGroup")}
	defer g.co.cancel(context.Canceled, nil)
	defer func() {
		if g.live > 0 { // body panicked
			g.co.cancel(context.Canceled, nil)
			_ = g.wait(co)
		}
	}()
	g.fail(body(g))
	if err := g.wait(co); err != nil {
		return err
	}
	return g.err
}

// Co is the parent of the group's children: cancelled when one of them fails.
func (g *Group) Co() *Co { return g.co }

// Go starts fn as a child, at once, up to its first wait.
func (g *Group) Go(fn func(co *Co) error) {
	g.co.l.check("Group.Go")
	g.live++
	goAct(g.co, fn).finally(func(_ struct{}, err error) {
		g.live--
		g.fail(err)
		if g.live == 0 && g.empty != nil {
			g.empty.TrySet(struct{}{})
		}
	})
}

// fail notes the first error and cancels the children for it.
func (g *Group) fail(err error) {
	if err != nil && g.err == nil {
		g.err = err
		g.co.cancel(context.Canceled, err)
	}
}

// wait waits until no child is left. co's cancellation reaches the children by
// itself, and does not end the wait for them; only a loop that is gone does, with the
// error returned.
func (g *Group) wait(co *Co) error {
	if g.live == 0 {
		return nil
	}
	return Shield(co, 0, func(co *Co) error {
		for g.live > 0 {
			g.empty = NewPromise[struct{}](co.l)
			g.empty.operate((*groupWait)(g))
			if _, err := Await(co, g.empty.Future()); err != nil {
				return err
			}
		}
		return nil
	})
}

// groupWait is the wait for a group's children. Nobody gives it up.
type groupWait Group

func (g *groupWait) withdraw() {}

func (g *groupWait) about() about {
	a := about{what: "the group's children"}
	for _, f := range g.co.l.fibers() {
		if f.co.parent == g.co {
			a.on = append(a.on, f.body.future())
		}
	}
	return a
}
