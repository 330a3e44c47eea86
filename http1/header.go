package http1

import (
	"iter"
	"slices"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// A Header is a list of header fields in their order. Names are compared without
// regard to case and kept as they were given. The zero Header is empty. It may be
// used by one goroutine at a time.
type Header struct{ fields []Field }

// A Field is one header field line.
type Field struct {
	// Name is the field's name as it was given, Value its value without the blanks
	// around it.
	Name, Value string
}

// Len is the number of field lines.
func (h *Header) Len() int { return len(h.fields) }

// Get is the value of the first field of that name, "" if there is none.
func (h *Header) Get(name string) string {
	for i := range h.fields {
		if httpwire.EqualFold(h.fields[i].Name, name) {
			return h.fields[i].Value
		}
	}
	return ""
}

// Has reports whether there is a field of that name.
func (h *Header) Has(name string) bool {
	return slices.ContainsFunc(h.fields, func(f Field) bool { return httpwire.EqualFold(f.Name, name) })
}

// Values are the values of all fields of that name, in order.
func (h *Header) Values(name string) []string {
	var vs []string
	for i := range h.fields {
		if httpwire.EqualFold(h.fields[i].Name, name) {
			vs = append(vs, h.fields[i].Value)
		}
	}
	return vs
}

// All yields each field line's name and value, in order.
func (h *Header) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, f := range h.fields {
			if !yield(f.Name, f.Value) {
				return
			}
		}
	}
}

// Add appends a field line.
func (h *Header) Add(name, value string) { h.fields = append(h.fields, Field{name, value}) }

// Set replaces all fields of that name by one.
func (h *Header) Set(name, value string) {
	for i := range h.fields {
		if httpwire.EqualFold(h.fields[i].Name, name) {
			h.fields[i].Value = value
			rest := i + 1
			h.fields = append(h.fields[:rest], slices.DeleteFunc(h.fields[rest:], func(f Field) bool {
				return httpwire.EqualFold(f.Name, name)
			})...)
			return
		}
	}
	h.Add(name, value)
}

// Del removes all fields of that name.
func (h *Header) Del(name string) {
	h.fields = slices.DeleteFunc(h.fields, func(f Field) bool { return httpwire.EqualFold(f.Name, name) })
}
