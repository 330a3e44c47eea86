package http1

import (
	"slices"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// codingWeight is how much the client wants a content coding, 0 to 1000 (RFC 9110,
// 12.5.3). 0: it must not be used. values are those of Accept-Encoding; a client that
// sends none gets no coding, as it may be one that knows none.
func codingWeight(values []string, coding string) int {
	weight, others, named := 0, 0, false
	for _, list := range values {
		for element := range strings.SplitSeq(list, ",") {
			name, parameters, _ := strings.Cut(element, ";")
			switch name = strings.Trim(name, " \t"); {
			case name == "*":
				others = quality(parameters)
			case sameCoding(name, coding):
				weight, named = quality(parameters), true
			}
		}
	}
	if named {
		return weight
	}
	return others
}

// sameCoding compares names of codings; x-gzip is gzip (RFC 9110, 8.4.1.3).
func sameCoding(name, coding string) bool {
	return httpwire.EqualFold(name, coding) || httpwire.EqualFold(name, "x-gzip") && coding == "gzip"
}

// quality is the weight among an element's parameters, in thousandths: 1000 if there is
// none, 0 if it is not one (RFC 9110, 12.4.2).
func quality(parameters string) int {
	for p := range strings.SplitSeq(parameters, ";") {
		name, v, ok := strings.Cut(strings.Trim(p, " \t"), "=")
		if !ok || !httpwire.EqualFold(name, "q") {
			continue
		}
		whole, fraction, _ := strings.Cut(v, ".")
		if len(fraction) > 3 || whole != "0" && whole != "1" || strings.Trim(fraction, "0123456789") != "" {
			return 0
		}
		q := 0
		for _, digit := range []byte(whole + (fraction + "000")[:3]) {
			q = q*10 + int(digit-'0')
		}
		return min(q, 1000)
	}
	return 1000
}

// acceptedCodings are those of the codings that the client accepts and does not want
// less than none at all, the most wanted first; equal ones stay in their order.
func acceptedCodings(r *Request, codings []string) []string {
	values := r.Header.Values("Accept-Encoding")
	if values == nil || len(codings) == 0 {
		return nil
	}
	plain := 0 // how much no coding is wanted, if the client says so itself
	if namesCoding(values, "identity") {
		plain = codingWeight(values, "identity")
	}
	weight := func(coding string) int { return codingWeight(values, coding) }
	accepted := slices.DeleteFunc(slices.Clone(codings), func(coding string) bool {
		q := weight(coding)
		return q == 0 || q < plain
	})
	slices.SortStableFunc(accepted, func(a, b string) int { return weight(b) - weight(a) })
	return accepted
}

func namesCoding(values []string, coding string) bool {
	for _, list := range values {
		for element := range strings.SplitSeq(list, ",") {
			name, _, _ := strings.Cut(element, ";")
			if sameCoding(strings.Trim(name, " \t"), coding) {
				return true
			}
		}
	}
	return false
}

// vary adds a name to the field Vary, unless it is there (RFC 9110, 12.5.5).
func (h *Header) vary(name string) {
	if h.lists("Vary", name) || h.lists("Vary", "*") {
		return
	}
	if v := h.Get("Vary"); v != "" {
		h.Set("Vary", strings.Join(h.Values("Vary"), ", ")+", "+name)
		return
	}
	h.Set("Vary", name)
}
