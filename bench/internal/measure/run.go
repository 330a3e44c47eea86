package measure

import "time"

// Run is one timed window of the load against one server, or of a client that loads
// itself. It is printed as one line of JSON. Latencies are in microseconds.
type Run struct {
	Requests  int64   `json:"requests"` // answers that came inside the window
	Seconds   float64 `json:"seconds"`  // length of the window, as measured
	Errors    int64   `json:"errors"`   // connections given up, in the window or before it
	P50       float64 `json:"p50_us"`
	P90       float64 `json:"p90_us"`
	P99       float64 `json:"p99_us"`
	Max       float64 `json:"max_us"`
	ServerCPU float64 `json:"server_cpu_us"` // CPU time of the measured process in the window; 0 if there is none
}

// Count fills in the answers and their latencies.
func (r *Run) Count(seen *Histogram) {
	r.Requests = seen.Count()
	r.P50 = Micros(seen.Quantile(0.50))
	r.P90 = Micros(seen.Quantile(0.90))
	r.P99 = Micros(seen.Quantile(0.99))
	r.Max = Micros(seen.Max())
}

// Micros is d in microseconds.
func Micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// PerSecond is the rate of answers.
func (r Run) PerSecond() float64 { return float64(r.Requests) / r.Seconds }

// CPUPerRequest is the server's CPU time for one answer, in microseconds.
func (r Run) CPUPerRequest() float64 { return r.ServerCPU / float64(r.Requests) }

// Busy is the share of one core that the server used, 0 to the number of its
// cores. Well below 1 means that the load was the slower of the two.
func (r Run) Busy() float64 { return r.ServerCPU / (r.Seconds * 1e6) }
