package interop

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// npmWS runs a script of Node.js with npm's ws, which NODE_PATH must lead to if it is not
// installed for all: npm install --prefix DIR ws, and NODE_PATH=DIR/node_modules.
func npmWS(t *testing.T, script string, args ...string) *exec.Cmd {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "node", "-e", `require("ws")`).CombinedOutput(); err != nil {
		t.Skipf("needs Node.js and npm's ws: %v %.200s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"-e", script}, args...)...)
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// npmClient sends messages of all sizes, one after another, and compares what comes back.
const npmClient = `
const WebSocket = require("ws")
const [url, deflate] = process.argv.slice(1)
const sizes = [0, 1, 125, 126, 1000, 65535, 65536, 1 << 20]
const all = []
for (const n of sizes) {
	const b = Buffer.from("grüß Gott, ".repeat(n / 10 + 1)).subarray(0, n)
	all.push([b, true], [Buffer.from("x".repeat(n)), false])
}
const ws = new WebSocket(url, ["echo"], { perMessageDeflate: deflate == "true" ? { threshold: 10 } : false })
let i = 0
ws.on("open", () => ws.send(all[0][0], { binary: all[0][1] }))
ws.on("message", (data, binary) => {
	if (binary != all[i][1] || Buffer.compare(data, all[i][0]) != 0) { console.error("message", i, "differs"); process.exit(1) }
	if (++i == all.length) { ws.close(1000, "done"); return }
	ws.send(all[i][0], { binary: all[i][1] })
})
ws.on("close", (code, reason) => { console.log(code, ws.protocol, ws.extensions != ""); process.exit(0) })
ws.on("error", e => { console.error(e.message); process.exit(1) })
`

func TestNpmClient(t *testing.T) {
	for name, c := range compressions {
		t.Run(name, func(t *testing.T) {
			deflate := map[bool]string{true: "true", false: "false"}[c != nil]
			out, err := npmWS(t, npmClient, zondaServer(t, c), deflate).Output()
			if got := strings.TrimSpace(string(out)); err != nil || got != "1000 echo "+deflate {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

const npmServer = `
const { WebSocketServer } = require("ws")
const deflate = process.argv[1] == "true"
const wss = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: deflate ? { threshold: 10 } : false, handleProtocols: () => "echo" })
wss.on("connection", ws => ws.on("message", (data, binary) => ws.send(data, { binary })))
wss.on("listening", () => console.log(wss.address().port))
`

func TestNpmServer(t *testing.T) {
	for name, c := range compressions {
		t.Run(name, func(t *testing.T) {
			cmd := npmWS(t, npmServer, map[bool]string{true: "true", false: "false"}[c != nil])
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = cmd.Process.Kill() // it would serve for ever
				_ = cmd.Wait()
			}()
			port, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			talk(t, "ws://127.0.0.1:"+strings.TrimSpace(port), c)
		})
	}
}
