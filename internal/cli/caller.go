package cli

import (
	"cmp"
	"os"
	"os/user"
	"strings"
)

// localCaller names the user of this process as uid:UID/NAME@HOST. The number is
// the system's word; the name and the host are for people.
func localCaller() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	me, err := user.Current()
	if err != nil {
		return "uid:?@" + host
	}
	return "uid:" + me.Uid + "/" + cmp.Or(me.Username, "?") + "@" + host
}

// traceID returns the trace that the environment puts the command into, or "".
// CI systems export it as TRACEPARENT (W3C Trace Context, section 3.2).
func (e Env) traceID() string {
	parts := strings.Split(e.getenv("TRACEPARENT"), "-")
	if len(parts) < 4 || len(parts[0]) != 2 || len(parts[1]) != 32 || strings.Trim(parts[1], "0123456789abcdef") != "" {
		return ""
	}
	return parts[1]
}
