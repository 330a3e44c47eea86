package main

import (
	"testing"

	"github.com/zonda-go/zonda/bench/internal/rig"
)

const wrkReport = `Running 3s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   612.34us  123.45us   3.21ms   88.00%
    Req/Sec   100.12k     2.01k  105.00k    70.00%
  Latency Distribution
     50%  601.00us
     75%  650.00us
     90%  700.00us
     99%    1.25ms
  300360 requests in 3.00s, 38.10MB read
Requests/sec: 100120.00
Transfer/sec:     12.70MB
`

func TestParseWrk(t *testing.T) {
	run, err := parseWrk(wrkReport)
	if err != nil {
		t.Fatal(err)
	}
	if run.Requests != 300360 || run.Seconds != 3 || run.P50 != 601 || run.P90 != 700 || run.P99 != 1250 || run.Errors != 0 {
		t.Errorf("%+v", run)
	}
	run, err = parseWrk(wrkReport + "  Socket errors: connect 0, read 3, write 1, timeout 0\n  Non-2xx or 3xx responses: 5\n")
	if err != nil || rig.Usable(run) == nil {
		t.Errorf("a report with errors passes as usable: %+v, %v", run, err)
	}
	if _, err := parseWrk("unable to connect"); err == nil {
		t.Error("no error for a report without figures")
	}
}
