package loop_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/zonda-go/zonda/loop"
)

// Offload is for what blocks, such as files: the loop goes on meanwhile, and no more
// than a bounded number of such calls run at a time.
func ExampleOffload() {
	l := newLoop()
	defer l.Close()
	size, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
		text, err := loop.Await(co, loop.Offload(l, func(context.Context) ([]byte, error) {
			return os.ReadFile("example_pool_test.go")
		}))
		return len(text), err
	})
	fmt.Println(size > 0, err)
	// Output: true <nil>
}

// A pool is for work that several processors are to share. What belongs to one of its
// loops stays there; here each counts for itself, without locks.
func ExamplePool() {
	p, err := loop.NewPool(4, nil)
	if err != nil {
		log.Fatal(err)
	}
	counts := make(map[*loop.Loop]*int) // the map does not change any more
	for _, l := range p.Loops() {
		counts[l] = new(int)
	}
	count := func(co *loop.Co) (int, error) {
		n := counts[co.Loop()]
		*n++
		return *n, nil
	}
	for range 8 {
		n, err := loop.Do(context.Background(), p.Next(), count)
		fmt.Print(n, " ", err, "; ")
	}
	fmt.Println(p.Shutdown(context.Background()))
	// Output: 1 <nil>; 1 <nil>; 1 <nil>; 1 <nil>; 2 <nil>; 2 <nil>; 2 <nil>; 2 <nil>; <nil>
}

// Submit has a body run where the state it needs belongs, and gives its result back.
func ExampleSubmit() {
	p, err := loop.NewPool(2, nil)
	if err != nil {
		log.Fatal(err)
	}
	here, there := p.Loops()[0], p.Loops()[1]
	stock := map[string]int{"apples": 3} // belongs to there

	left, err := loop.Do(context.Background(), here, func(co *loop.Co) (int, error) {
		return loop.Await(co, loop.Submit(co, there, func(co *loop.Co) (int, error) {
			stock["apples"]--
			return stock["apples"], nil
		}))
	})
	fmt.Println(left, err)
	fmt.Println(p.Shutdown(context.Background()))
	// Output:
	// 2 <nil>
	// <nil>
}
