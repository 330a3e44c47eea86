package measure

// Work is what goroutines that compute beside a server's loops got done. The
// server prints it as one line of JSON when it ends. Zero if there were none.
type Work struct {
	Units   int64   `json:"units"`   // of one size on one machine
	Seconds float64 `json:"seconds"` // in which they were done
}

// PerSecond is the rate of units; NaN without work.
func (w Work) PerSecond() float64 { return float64(w.Units) / w.Seconds }
