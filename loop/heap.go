package loop

import "time"

// The heap of timers: four children to a node make it half as deep as a binary
// heap, and a node's children lie in one or two cache lines.

func (ts *timers) push(when time.Duration, slot uint32) {
	ts.made++
	ts.heap = append(ts.heap, timerKey{})
	ts.up(len(ts.heap)-1, timerKey{when, ts.made, slot})
}

// cut removes the node at i and closes the gap with the last one.
func (ts *timers) cut(i int) {
	last := len(ts.heap) - 1
	k := ts.heap[last]
	ts.heap = ts.heap[:last]
	if i == last {
		return
	}
	if i > 0 && k.before(&ts.heap[(i-1)/4]) {
		ts.up(i, k)
	} else {
		ts.down(i, k)
	}
}

// up puts k into the gap at i or, if k comes before its parents, above it.
func (ts *timers) up(i int, k timerKey) {
	for i > 0 {
		p := (i - 1) / 4
		if !k.before(&ts.heap[p]) {
			break
		}
		ts.place(i, ts.heap[p])
		i = p
	}
	ts.place(i, k)
}

// down puts k into the gap at i or, if children come before k, below it.
func (ts *timers) down(i int, k timerKey) {
	for {
		c := 4*i + 1
		if c >= len(ts.heap) {
			break
		}
		first := c
		for j := c + 1; j < min(c+4, len(ts.heap)); j++ {
			if ts.heap[j].before(&ts.heap[first]) {
				first = j
			}
		}
		if !ts.heap[first].before(&k) {
			break
		}
		ts.place(i, ts.heap[first])
		i = first
	}
	ts.place(i, k)
}

func (ts *timers) place(i int, k timerKey) {
	ts.heap[i] = k
	ts.slots[k.slot].pos = int32(i)
}
