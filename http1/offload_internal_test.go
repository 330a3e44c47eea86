package http1

import (
	"errors"
	"testing"

	"github.com/zonda-go/zonda/loop"
)

// TestOffload: a coroutine that is cancelled goes on when the goroutine has ended, and
// has its result; one that was cancelled before has it, too.
func TestOffload(t *testing.T) {
	why := errors.New("why")
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (none struct{}, _ error) {
		begun, end := make(chan struct{}), make(chan struct{})
		var got []int
		var waited error
		work := func(co *loop.Co) (none struct{}, err error) {
			n, err := offload(l, func() (int, error) {
				close(begun)
				<-end
				return 42, nil
			})
			got = append(got, n)
			if err != nil {
				return none, err
			}
			n, err = offload(l, func() (int, error) { return 43, nil })
			got = append(got, n)
			waited = loop.Yield(co)
			return none, err
		}
		scope, cancel := co.WithCancel()
		ended := loop.Go(scope, work)
		<-begun
		cancel(why)
		for range 10 {
			if err := loop.Yield(co); err != nil {
				return none, err
			}
		}
		if len(got) > 0 {
			t.Errorf("it has returned %v while the goroutine works", got)
		}
		close(end)
		if _, err := loop.Await(co, ended); err != nil {
			t.Error(err)
		}
		if len(got) != 2 || got[0] != 42 || got[1] != 43 || !errors.Is(waited, why) {
			t.Error(got, waited)
		}
		return none, nil
	})
	if err != nil {
		t.Error(err)
	}
}
