package loop

import (
	"fmt"
	"strings"
)

// WaitTree draws who waits for whom: each coroutine stands below those that wait for
// it, and one that nobody waits for stands at the left. Where coroutines wait for each
// other in a circle, it is said. tasks are those of one call of Tasks. The text ends
// in a newline; of no tasks it is empty.
func WaitTree(tasks []Task) string {
	d := drawing{tasks: tasks, drawn: make([]bool, len(tasks)), above: make([]bool, len(tasks))}
	awaited := make([]bool, len(tasks))
	for _, t := range tasks {
		for _, i := range t.On {
			awaited[i] = true
		}
	}
	for i := range tasks {
		if !awaited[i] {
			d.draw(i, "", "")
		}
	}
	for i := range tasks { // in circles that nobody outside waits for
		if !d.drawn[i] {
			d.draw(i, "", "")
		}
	}
	return d.text.String()
}

type drawing struct {
	tasks []Task
	drawn []bool
	above []bool // on the way down to the present one
	text  strings.Builder
}

// draw writes one task behind first, and what it waits for behind rest.
func (d *drawing) draw(i int, first, rest string) {
	t := d.tasks[i]
	switch {
	case d.above[i]:
		fmt.Fprintf(&d.text, "%s#%d again: they wait for each other\n", first, i+1)
		return
	case d.drawn[i]:
		fmt.Fprintf(&d.text, "%s#%d, see there\n", first, i+1)
		return
	}
	fmt.Fprintf(&d.text, "%s#%d %v\n", first, i+1, t)
	d.drawn[i], d.above[i] = true, true
	for n, on := range t.On {
		if n == len(t.On)-1 {
			d.draw(on, rest+"└─ ", rest+"   ")
		} else {
			d.draw(on, rest+"├─ ", rest+"│  ")
		}
	}
	d.above[i] = false
}
