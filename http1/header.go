package http1

import (
	"encoding/binary"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// A Header is a list of header fields in their order. Names are compared without
// regard to case and kept as they were given. The zero Header is empty. It may be
// used by one goroutine at a time.
type Header struct {
	head  *head   // where the fields are, as long as they are as they came
	lines []Field // and else
}

// firstLines is how many fields there is room for at the first: a message has a few.
const firstLines = 4

// A Field is one header field line.
type Field struct {
	// Name is the field's name as it was given, Value its value without the blanks
	// around it.
	Name, Value string
}

// A head is the fields of a message as they came. Most are never asked for, so they stay
// the places that the parser found: a string for each would be work for the collector.
// For its sake these lie in the same piece of memory as the text, which has no pointers.
type head struct {
	text   string // and behind it four numbers for each field
	fields int32
	places int32 // where those numbers begin
}

// placeSize is how many bytes the place of a field takes.
const placeSize = 16

// fill copies text, which is all that is kept of it.
func (h *head) fill(text []byte, fields []httpwire.Field) {
	var b strings.Builder
	b.Grow(len(text) + len(fields)*placeSize)
	b.Write(text)
	for _, f := range fields {
		var place [placeSize]byte
		binary.LittleEndian.PutUint32(place[0:], f.Name.Start)
		binary.LittleEndian.PutUint32(place[4:], f.Name.End)
		binary.LittleEndian.PutUint32(place[8:], f.Value.Start)
		binary.LittleEndian.PutUint32(place[12:], f.Value.End)
		b.Write(place[:])
	}
	h.text, h.fields, h.places = b.String(), int32(len(fields)), int32(len(text))
}

// nameLen is the length of a field's name, which tells most names apart.
func (h *head) nameLen(i int) int {
	place := h.place(i)
	return int(h.number(place+4) - h.number(place))
}

func (h *head) place(i int) int    { return int(h.places) + i*placeSize }
func (h *head) name(i int) string  { return h.piece(h.place(i)) }
func (h *head) value(i int) string { return h.piece(h.place(i) + 8) }

// piece is what lies between the two numbers at an offset.
func (h *head) piece(at int) string { return h.text[h.number(at):h.number(at+4)] }

func (h *head) number(at int) uint32 {
	p := h.text[at : at+4]
	return uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16 | uint32(p[3])<<24
}

func (h *head) of(s httpwire.Span) string { return h.text[s.Start:s.End] }

// Len is the number of field lines.
func (h *Header) Len() int {
	if h.head != nil {
		return int(h.head.fields)
	}
	return len(h.lines)
}

// at is the field line i.
func (h *Header) at(i int) Field {
	if h.head != nil {
		return Field{h.head.name(i), h.head.value(i)}
	}
	return h.lines[i]
}

// find is the first field line of that name from i on, or -1.
func (h *Header) find(name string, i int) int {
	if h.head != nil {
		return h.head.find(name, i)
	}
	for ; i < len(h.lines); i++ {
		if sameName(h.lines[i].Name, name) {
			return i
		}
	}
	return -1
}

func (h *head) find(name string, i int) int {
	for ; i < int(h.fields); i++ {
		if h.nameLen(i) == len(name) && sameName(h.name(i), name) {
			return i
		}
	}
	return -1
}

// sameName is EqualFold, and quick where it is easy: names differ in length, or both
// sides write them alike.
func sameName(a, b string) bool {
	return len(a) == len(b) && (a == b || httpwire.EqualFold(a, b))
}

// Get is the value of the first field of that name, "" if there is none.
func (h *Header) Get(name string) string {
	if i := h.find(name, 0); i >= 0 {
		return h.at(i).Value
	}
	return ""
}

// Has reports whether there is a field of that name.
func (h *Header) Has(name string) bool { return h.find(name, 0) >= 0 }

// Values are the values of all fields of that name, in order.
func (h *Header) Values(name string) []string {
	var vs []string
	for i := h.find(name, 0); i >= 0; i = h.find(name, i+1) {
		vs = append(vs, h.at(i).Value)
	}
	return vs
}

// lists reports whether a field of that name, a list, has token among its elements, in
// any case.
func (h *Header) lists(name, token string) bool {
	for i := h.find(name, 0); i >= 0; i = h.find(name, i+1) {
		if httpwire.HasToken(h.at(i).Value, token) {
			return true
		}
	}
	return false
}

// All yields each field line's name and value, in order.
func (h *Header) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i := range h.Len() {
			if f := h.at(i); !yield(f.Name, f.Value) {
				return
			}
		}
	}
}

// own makes the fields lines that can be changed.
func (h *Header) own() {
	if h.head == nil {
		return
	}
	lines := make([]Field, h.Len())
	for i := range lines {
		lines[i] = h.at(i)
	}
	h.head, h.lines = nil, lines
}

// Add appends a field line.
func (h *Header) Add(name, value string) {
	h.own()
	if h.lines == nil {
		h.lines = make([]Field, 0, firstLines)
	}
	h.lines = append(h.lines, Field{name, value})
}

// Set replaces all fields of that name by one.
func (h *Header) Set(name, value string) {
	i := h.find(name, 0)
	if i < 0 {
		h.Add(name, value)
		return
	}
	h.own()
	h.lines[i].Value = value
	rest := i + 1
	h.lines = append(h.lines[:rest], slices.DeleteFunc(h.lines[rest:], func(f Field) bool {
		return httpwire.EqualFold(f.Name, name)
	})...)
}

// Del removes all fields of that name.
func (h *Header) Del(name string) {
	h.own()
	h.lines = slices.DeleteFunc(h.lines, func(f Field) bool { return httpwire.EqualFold(f.Name, name) })
}

// httpDate is the form of times in fields (RFC 9110, 5.6.7).
func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }
