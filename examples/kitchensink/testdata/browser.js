// What a page of the kitchen sink tries with its server. Each check throws what is wrong.
async () => {
  const same = (got, want) => {
    if (got !== want) throw new Error(`${String(got).slice(0, 200)}, want ${String(want).slice(0, 200)}`);
  };
  const text = async path => (await fetch(path)).text();

  // connect gives an open WebSocket. Its echo sends data, and gives the next message.
  const connect = (...protocols) => new Promise((ok, no) => {
    const ws = new WebSocket(`ws://${location.host}/ws`, protocols);
    ws.binaryType = "arraybuffer";
    ws.ended = new Promise(ok => ws.onclose = e => ok(`${e.code} ${e.reason} ${e.wasClean}`));
    ws.echo = data => new Promise((ok, no) => {
      ws.onmessage = e => ok(e.data);
      ws.ended.then(end => no(new Error("closed: " + end)));
      ws.send(data);
    });
    ws.onopen = () => ok(ws);
    ws.onerror = () => no(new Error("not connected"));
  });

  // random is n bytes that do not become smaller.
  const random = n => {
    const b = new Uint8Array(n);
    for (let i = 0; i < n; i += 65536) crypto.getRandomValues(b.subarray(i, Math.min(i + 65536, n)));
    return b;
  };
  const hex = async b => Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", b)), b => b.toString(16).padStart(2, "0")).join("");

  const checks = {
    async "WebSocket: what is agreed on"() {
      const ws = await connect("other", "zonda.v1"), plain = await connect();
      same(ws.protocol, "zonda.v1");
      same(plain.protocol, "");
      same(ws.extensions.split(";")[0], "permessage-deflate");
      ws.close();
      plain.close(4321, "that is äll");
      same(await ws.ended, "1005  true");
      same(await plain.ended, "4321  true");
    },
    async "WebSocket: text"() {
      const ws = await connect();
      for (const said of ["", "grüß 🌬️", "x".repeat(125), "x".repeat(126), "x".repeat(65536), "ü".repeat(1 << 19)]) same(await ws.echo(said), said);
      ws.close(1000);
      same(await ws.ended, "1000  true");
    },
    async "WebSocket: bytes"() {
      const ws = await connect();
      for (const said of [new Uint8Array(0), new Uint8Array([0, 255, 128]), random(1000), random(1 << 20), new Uint8Array(1 << 20)]) {
        const got = await ws.echo(said);
        same(got instanceof ArrayBuffer, true);
        same(got.byteLength, said.length);
        same(await hex(got), await hex(said));
      }
      ws.close(3000, "enough");
      same(await ws.ended, "3000  true");
    },
    async "WebSocket: many at once"() {
      const ws = await connect();
      const all = new Promise(ok => { const got = []; ws.onmessage = e => { got.push(e.data); if (got.length === 300) ok(got.join()); }; });
      const said = Array.from({length: 300}, (_, i) => `${i} `.repeat(i));
      for (const s of said) ws.send(s);
      same(await all, said.join());
      ws.close();
    },
    async "EventSource"() {
      const source = new EventSource("/sse?n=3&ms=1");
      const got = [];
      await new Promise((ok, no) => {
        source.onmessage = e => { got.push(`${e.lastEventId} ${e.data}`); if (got.length === 3) ok(); };
        source.onerror = () => no(new Error("after " + got));
      });
      source.close();
      same(got.join(), "0 tick 0,1 tick 1,2 tick 2");
    },
    async "pieces, as they come"() {
      same(await text("/stream?n=3&ms=1"), "chunk 0\nchunk 1\nchunk 2\n");
      const stop = new AbortController();
      const reader = (await fetch("/stream?n=2&ms=60000", {signal: stop.signal})).body.getReader();
      same(new TextDecoder().decode((await reader.read()).value), "chunk 0\n");
      const end = reader.read().catch(e => ({value: e.name}));
      stop.abort();
      same((await end).value, "AbortError");
    },
    async "long answers"() {
      const r = await fetch("/big?n=3000000");
      same(r.headers.get("Content-Length"), "3000000");
      same((await r.arrayBuffer()).byteLength, 3000000);
    },
    async "gzip"() {
      const r = await fetch("/gzip");
      same(r.headers.get("Content-Encoding"), "gzip");
      same(await r.text(), "the quick brown fox jumps over the lazy dog\n".repeat(400));
    },
    async "bodies"() {
      const body = random(1 << 20);
      const r = await fetch("/echo", {method: "PUT", body});
      same(await hex(await r.arrayBuffer()), await hex(body));
      same(r.headers.get("X-Method"), "PUT");
    },
    async "a form with a file"() {
      const form = new FormData(), file = random(100000);
      form.append("wörd", "grüß\r\n\"");
      form.append("file", new Blob([file]), "a \"b\" ü.bin");
      const got = await (await fetch("/form", {method: "POST", body: form})).json();
      same(JSON.stringify(got.fields), JSON.stringify({"wörd": ["grüß\r\n\""]}));
      // Quotes come as the HTML standard has them escaped, and no server takes that back.
      same(JSON.stringify(got.files), JSON.stringify({file: [{filename: "a %22b%22 ü.bin", size: 100000, sha256: await hex(file)}]}));
    },
    async "a range"() {
      const r = await fetch("/static/poem.txt", {headers: {Range: "bytes=2-5"}});
      same(`${r.status} ${await r.text()}`, "206 wind");
    },
    async "redirects, cookies, entity tags, no content"() {
      const r = await fetch("/redirect?code=307&to=/sleep");
      same(`${r.redirected} ${await r.text()}`, "true slept 0\n");
      await text("/cookies/set?flavour=oat");
      same(JSON.parse(await text("/cookies")).flavour, "oat");
      same(document.cookie, "flavour=oat");
      for (const cache of ["default", "no-cache"]) same(await (await fetch("/etag", {cache})).text(), "etag body\n");
      same((await fetch("/status/204")).status, 204);
      same((await fetch("/", {method: "HEAD"})).headers.get("Content-Length"), "13");
    },
  };
  const wrong = [];
  for (const [name, check] of Object.entries(checks)) await check().catch(e => wrong.push(`${name}: ${e.message}`));
  // What is still open when the server ends.
  const last = await connect();
  window.ended = last.ended;
  return {tried: Object.keys(checks).length, wrong};
}
