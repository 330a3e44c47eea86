package wswire

import "strconv"

// deflateName is the extension of RFC 7692.
const deflateName = "permessage-deflate"

// maxBits is the window of DEFLATE itself, minBits the smallest that may be agreed on
// (RFC 7692, 7.1.2).
const (
	minBits = 8
	maxBits = 15
)

// Deflate is the parameters of permessage-deflate: of an offer, or as agreed on.
type Deflate struct {
	// ServerNoTakeover and ClientNoTakeover: each message of that end is compressed for
	// itself (RFC 7692, 7.1.1).
	ServerNoTakeover, ClientNoTakeover bool
	// ServerBits and ClientBits bound the window of what that end sends, in powers of
	// two, 8 to 15. 0: the parameter is not there, which means 15.
	ServerBits, ClientBits uint8
	// ClientBitsKnown is said by an offer: the server may set ClientBits.
	ClientBitsKnown bool
}

// parseDeflate takes an element apart, of an offer or of an answer; false if it is not a
// valid one (RFC 7692, 7.1): a parameter that is unknown or there twice, a value where
// none belongs or none where one does.
func parseDeflate(e Element, offer bool) (d Deflate, ok bool) {
	if !EqualFold(e.Name, deflateName) {
		return d, false
	}
	for i, p := range e.Params {
		for _, before := range e.Params[:i] {
			if before.Name == p.Name {
				return d, false
			}
		}
		switch p.Name {
		case "server_no_context_takeover":
			d.ServerNoTakeover, ok = true, !p.HasValue
		case "client_no_context_takeover":
			d.ClientNoTakeover, ok = true, !p.HasValue
		case "server_max_window_bits":
			d.ServerBits, ok = parseBits(p)
		case "client_max_window_bits":
			d.ClientBitsKnown = true
			if ok = offer && !p.HasValue; !ok {
				d.ClientBits, ok = parseBits(p)
			}
		default:
			ok = false
		}
		if !ok {
			return d, false
		}
	}
	return d, true
}

// parseBits is a number from 8 to 15 without leading zeros.
func parseBits(p Param) (uint8, bool) {
	n, err := strconv.Atoi(p.Value)
	ok := p.HasValue && err == nil && minBits <= n && n <= maxBits && strconv.Itoa(n) == p.Value
	return uint8(n), ok
}

// Offer is the element that offers d, or that agrees to it.
func (d Deflate) Offer() string {
	s := deflateName
	if d.ServerNoTakeover {
		s += "; server_no_context_takeover"
	}
	if d.ClientNoTakeover {
		s += "; client_no_context_takeover"
	}
	if d.ServerBits != 0 {
		s += "; server_max_window_bits=" + strconv.Itoa(int(d.ServerBits))
	}
	if d.ClientBits != 0 {
		s += "; client_max_window_bits=" + strconv.Itoa(int(d.ClientBits))
	} else if d.ClientBitsKnown {
		s += "; client_max_window_bits"
	}
	return s
}

// Agree chooses the first of a client's offers that can be accepted, and gives the
// parameters that hold then; false if there is none. want is what the server would like:
// takeover of its own or the client's context only where want allows it, and windows no
// larger than want's. What an offer asks for is granted (RFC 7692, 7.1.1 and 7.1.2), so
// the server must be able to compress with any window.
func Agree(offers []Element, want Deflate) (Deflate, bool) {
	for _, e := range offers {
		offer, ok := parseDeflate(e, true)
		if !ok {
			continue
		}
		agreed := Deflate{
			ServerNoTakeover: offer.ServerNoTakeover || want.ServerNoTakeover,
			ClientNoTakeover: offer.ClientNoTakeover || want.ClientNoTakeover,
			ServerBits:       smaller(offer.ServerBits, want.ServerBits),
		}
		if offer.ClientBitsKnown { // else the client may not know the parameter
			agreed.ClientBits = smaller(offer.ClientBits, want.ClientBits)
		}
		return agreed, true
	}
	return Deflate{}, false
}

// smaller is the smaller window of two, of which 0 is none.
func smaller(a, b uint8) uint8 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// CheckAgreed judges a server's answer to an offer, and gives what holds then; on is false
// if the server has chosen no extension. It says what is wrong; "": nothing. offered is nil
// if none was.
func CheckAgreed(answer []Element, offered *Deflate) (d Deflate, on bool, wrong string) {
	if len(answer) == 0 {
		return d, false, ""
	}
	if offered == nil || len(answer) > 1 || !EqualFold(answer[0].Name, deflateName) {
		return d, false, "an extension that was not offered"
	}
	d, ok := parseDeflate(answer[0], false)
	switch {
	case !ok:
		return d, false, "invalid parameters of permessage-deflate"
	case offered.ServerNoTakeover && !d.ServerNoTakeover:
		return d, false, "server_no_context_takeover was asked for and not granted"
	case offered.ServerBits != 0 && (d.ServerBits == 0 || d.ServerBits > offered.ServerBits):
		return d, false, "server_max_window_bits was asked for and not granted"
	case d.ClientBits != 0 && !offered.ClientBitsKnown:
		return d, false, "client_max_window_bits was not offered"
	}
	// What a client does of its own accord, it may do also if the server did not ask.
	d.ClientNoTakeover = d.ClientNoTakeover || offered.ClientNoTakeover
	if offered.ClientBits != 0 {
		d.ClientBits = smaller(d.ClientBits, offered.ClientBits)
	}
	return d, true, ""
}
