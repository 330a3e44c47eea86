package websocket

import (
	"slices"
	"testing"
)

// farthest walks through a DEFLATE stream (RFC 1951) and gives the longest distance that it
// refers back over.
func farthest(t *testing.T, p []byte) (far int) {
	r := &bitReader{p: p}
	for r.left() > 8 {
		final := r.take(1)
		switch r.take(2) {
		case 0:
			r.at = (r.at + 7) &^ 7
			n := r.take(16)
			r.take(16)
			r.at += 8 * n
		case 1:
			lengths := make([]int, 288)
			for i := range lengths {
				lengths[i] = 8
				if i >= 144 && i < 256 {
					lengths[i] = 9
				} else if i >= 256 && i < 280 {
					lengths[i] = 7
				}
			}
			far = max(far, r.block(newCode(lengths), newCode(slices.Repeat([]int{5}, 30))))
		case 2:
			far = max(far, r.block(r.codes()))
		default:
			t.Fatal("a block of no kind")
		}
		if final == 1 {
			break
		}
	}
	return far
}

type bitReader struct {
	p  []byte
	at int // bit
}

func (r *bitReader) left() int { return 8*len(r.p) - r.at }

func (r *bitReader) take(n int) (v int) {
	for i := range n {
		v |= int(r.p[r.at/8]>>(r.at%8)&1) << i
		r.at++
	}
	return v
}

// A code is a canonical Huffman code: symbols by length and value.
type code map[[2]int]int

func newCode(lengths []int) code {
	c, next := code{}, 0
	for n := 1; n <= 15; n++ {
		next <<= 1
		for s, l := range lengths {
			if l == n {
				c[[2]int{n, next}] = s
				next++
			}
		}
	}
	return c
}

func (r *bitReader) symbol(c code) int {
	v := 0
	for n := 1; n <= 15; n++ {
		v = v<<1 | r.take(1)
		if s, ok := c[[2]int{n, v}]; ok {
			return s
		}
	}
	panic("no symbol")
}

func (r *bitReader) codes() (lit, dist code) {
	nlit, ndist, nlen := r.take(5)+257, r.take(5)+1, r.take(4)+4
	lengths := make([]int, 19)
	for i := range nlen {
		lengths[[]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[i]] = r.take(3)
	}
	c := newCode(lengths)
	var all []int
	for len(all) < nlit+ndist {
		switch s := r.symbol(c); s {
		case 16:
			all = append(all, slices.Repeat(all[len(all)-1:], r.take(2)+3)...)
		case 17:
			all = append(all, make([]int, r.take(3)+3)...)
		case 18:
			all = append(all, make([]int, r.take(7)+11)...)
		default:
			all = append(all, s)
		}
	}
	return newCode(all[:nlit]), newCode(all[nlit:])
}

// block reads one block's symbols.
func (r *bitReader) block(lit, dist code) (far int) {
	for {
		s := r.symbol(lit)
		if s == 256 {
			return far
		}
		if s < 256 {
			continue
		}
		if s >= 265 && s < 285 {
			r.take((s - 261) / 4)
		}
		d := r.symbol(dist)
		if d < 4 {
			far = max(far, d+1)
			continue
		}
		extra := d/2 - 1
		base := (2+d%2)<<extra + 1
		far = max(far, base+r.take(extra))
	}
}
