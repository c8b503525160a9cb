package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

const (
	wrkIDs   = 20_000 // payloads that it asks for
	wrkQuery = `wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function request() return wrk.format(nil, "/graphql", nil, head .. ids[math.random(#ids)] .. "\"}}") end
`
)

// wrk asks a GraphQL question with the load tool of that name, as often as it goes; ran is false where it is not
// installed. It takes less of the processor than this program's own callers, as a C program may.
func (l load) wrk(ctx context.Context, warm, lasting time.Duration) (rate, p99 string, ran bool, err error) {
	tool, err := exec.LookPath("wrk")
	if err != nil {
		return "", "", false, nil
	}
	dir, err := os.MkdirTemp("", "bench-wrk")
	if err != nil {
		return "", "", false, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	script := filepath.Join(dir, "ask.lua")
	if err := l.writeScript(script); err != nil {
		return "", "", false, err
	}
	var said []byte
	for _, time := range []time.Duration{warm, lasting} {
		said, err = exec.CommandContext(ctx, tool, "-t1", fmt.Sprint("-c", l.connections), "-d"+time.String(), "--latency", "-s", script, "http://"+l.address).CombinedOutput()
		if err != nil {
			return "", "", false, fmt.Errorf("wrk: %w\n%s", err, said)
		}
	}
	rates, late := wrkRate.FindSubmatch(said), wrkLate.FindSubmatch(said)
	if rates == nil || late == nil || wrkFault.Match(said) {
		return "", "", false, fmt.Errorf("wrk says %s", said)
	}
	return string(rates[1]), string(late[1]), true, nil
}

var (
	wrkRate  = regexp.MustCompile(`Requests/sec:\s+(\d+)`)
	wrkLate  = regexp.MustCompile(`99%\s+(\S+)`)
	wrkFault = regexp.MustCompile(`Non-2xx|Socket errors`)
)

func (l load) writeScript(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(file, "local head = %q\nlocal ids = {\n", fmt.Sprintf(`{"query":%q,"variables":{"id":"`, l.question))
	for i := range wrkIDs {
		fmt.Fprintf(file, "%q,\n", l.plan.RequestID(int(int64(i)*int64(l.payloads)/wrkIDs)).String())
	}
	fmt.Fprint(file, "}\n"+wrkQuery)
	return file.Close()
}
