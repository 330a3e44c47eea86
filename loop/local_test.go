package loop_test

import (
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

func TestLocal(t *testing.T) {
	type counter struct{ n int }
	type other struct{ n int }
	a, b := looptest.New(t), looptest.New(t)
	loop.Local[counter](a).n++
	loop.Local[counter](a).n++
	if n := loop.Local[counter](a).n; n != 2 {
		t.Errorf("the loop's counter is %d after 2 increments", n)
	}
	if n := loop.Local[other](a).n; n != 0 {
		t.Errorf("a value of another type begins with %d", n)
	}
	if n := loop.Local[counter](b).n; n != 0 {
		t.Errorf("another loop's counter begins with %d", n)
	}
}
